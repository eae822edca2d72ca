"""An error within a stream that began with status 200, in the forms that servers give it: it fails the answer with the provider's words."""

import json

import pytest

from playground.providers.errors.kinds import BrokenStream, Overloaded, PromptTooLong, ProviderError, RateLimited

from .asking import Asking
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

HELLO = event(text_chunk("Hello"))
WORDS = "The worker that served this model is gone"

PAYLOADS: list[object] = [
    {"detail": WORDS},
    {"detail": [{"loc": ["body"], "msg": WORDS}]},
    {"code": 500, "message": WORDS},
    {"code": "worker_gone", "message": WORDS},
    {"message": WORDS, "status_code": 500},
    {"message": f"Error: {WORDS}"},
    {"errors": [{"message": WORDS}]},
    {"errors": [WORDS]},
    {"Error": {"Message": WORDS, "message": WORDS}},
    {"error_msg": WORDS, "error_code": 17},
    {"errorMessage": WORDS, "errorType": "Gone"},
    {"exception": WORDS},
    {"type": "error", "message": WORDS},
    {"event": "error", "message": WORDS},
    {"status": "failed", "message": WORDS},
    {"success": False, "message": WORDS},
    {"object": "error", "message": WORDS, "code": 40301},
    {"choices": [], "detail": WORDS},
    {"choices": [], "error": {"message": WORDS}},
    {"base_resp": {"status_code": 1013, "status_msg": WORDS}},
    [{"error": {"message": WORDS}}],
    {"id": "c1", "choices": [{"index": 0, "delta": {}, "error": {"message": WORDS}}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"message": WORDS}}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {}, "error": WORDS}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {}, "error_message": WORDS}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {"role": "assistant", "error": {"message": WORDS}}}]},
    {"id": "c1", "choices": [{"index": 0, "message": {"error": WORDS}}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {"role": "assistant"}}, {"index": 1, "delta": {}, "error": {"message": WORDS}}]},
    {"id": "c1", "choices": [{"index": 0, "delta": {}}], "base_resp": {"status_code": 1002, "status_msg": WORDS}},
    {"code": "5001", "msg": WORDS},
    {"Code": "Throttling", "Message": WORDS},
    {"error": True, "message": WORDS},
    {"error": [{"message": WORDS}]},
    {"error": "server_error", "error_description": WORDS},
    {"error": 503, "message": WORDS},
    {"modelStreamErrorException": {"message": WORDS}},
    {"fault": {"faultstring": WORDS}},
    {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error", "message": WORDS}}},
    {"data": {"error": {"message": WORDS}}},
    {"status": 502, "title": WORDS},
    {"detail": WORDS, "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
]
LINES = [
    b'error: {"code":500,"message":"%b"}\n\n',
    b'error:{"error":{"message":"%b"}}\n\n',
    b"error: %b\n\n",
    b'event: error\ndata: {"message":"%b"}\n\n',
    b'event: error\r\ndata: {"error":{"message":"%b"}}\r\n\r\n',
    b"event:error\ndata:%b\n\n",
    b'{"error":{"message":"%b"}}\n\n',
    b'{\n  "error": {\n    "message": "%b"\n  }\n}\n\n',
    b"Error: %b\n\n",
    b'event: response.error\ndata: {"message":"%b"}\n\n',
    b'event: internalServerException\ndata: {"message":"%b"}\n\n',
]
FORMS = [*(event(payload) for payload in PAYLOADS), *(line % WORDS.encode() for line in LINES)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", [b"", HELLO], ids=["at once", "late"])
async def test_an_error_in_a_stream_fails_the_answer_with_the_providers_words(asking: Asking, before: bytes, form: bytes) -> None:
    outcome = await asking.stream(before, form, DONE)
    assert isinstance(outcome.error, ProviderError)
    assert WORDS in str(outcome.error)
    assert outcome.text == ("Hello" if before else "")


@pytest.mark.parametrize("payload", [payload for payload in PAYLOADS if isinstance(payload, dict) and "choices" not in payload])
async def test_one_object_that_is_an_error_is_reported_instead_of_an_answer(asking: Asking, payload: object) -> None:
    outcome = await asking(Answer([json.dumps(payload).encode()], content_type="application/json"))
    assert outcome.error is not None
    assert WORDS in str(outcome.error)
    assert outcome.error.refused


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "ping"},
        {"status": "processing", "message": "queued at place 3"},
        {"code": 0, "message": "ok"},
        {"code": "200", "message": "success"},
        {"error": None, "detail": ""},
        {"error": {}, "errors": []},
        {"base_resp": {"status_code": 0, "status_msg": ""}},
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}]},
        {"choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {"check_offset": 4_522}, "error": None}]},
        {"choices": [{"index": 0, "delta": {"content": ""}}], "message": "Error: none"},
        {"choices": [{"index": 0, "delta": {"content": ""}, "error_code": 0, "error_message": ""}]},
        {"choices": [], "base_resp": {"status_code": 0, "status_msg": "success"}, "last_error": None},
        {"data": {"type": "ping"}, "event": "keep-alive"},
    ],
)
async def test_other_fields_of_an_answer_are_not_an_error(asking: Asking, payload: object) -> None:
    outcome = await asking.stream(event(payload), HELLO, event(payload), event(finish_chunk()), event(payload), DONE)
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_the_error_of_another_choice_does_not_fail_the_answer(asking: Asking) -> None:
    both = [{"index": 0, "delta": {"content": " there"}}, {"index": 1, "delta": {}, "error": {"message": "Too many choices"}}]
    outcome = await asking.stream(HELLO, event({"choices": both}), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.error) == ("Hello there", None)


async def test_the_error_of_llama_cpp_says_that_the_prompt_is_too_long(asking: Asking) -> None:
    line = b'error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}\n\n'
    for beginning in (b"", HELLO):
        outcome = await asking.stream(beginning, line, DONE)
        assert isinstance(outcome.error, PromptTooLong)
        assert "available context size" in str(outcome.error)


async def test_an_error_in_a_choice_has_the_name_of_the_provider_that_failed(asking: Asking) -> None:
    error = {"code": 502, "message": "Upstream idle timeout", "metadata": {"provider_name": "Acme"}}
    outcome = await asking.stream(HELLO, event({"choices": [{"index": 0, "delta": {}, "finish_reason": "error", "error": error}]}), DONE)
    assert isinstance(outcome.error, Overloaded)
    assert "“Acme: Upstream idle timeout”" in str(outcome.error)
    assert (outcome.text, outcome.error.retryable) == ("Hello", True)


async def test_the_last_text_of_a_chunk_with_an_error_in_its_choice_is_kept(asking: Asking) -> None:
    choice = {"index": 0, "delta": {"content": " there"}, "error": {"code": 429, "message": "Too many"}}
    outcome = await asking.stream(HELLO, event({"choices": [choice]}), DONE)
    assert outcome.text == "Hello there"
    assert isinstance(outcome.error, RateLimited)


@pytest.mark.parametrize("form", [b"event: error\ndata: {}\n\n", b"event: error\ndata\n\n", b"error:\n\n"])
async def test_an_error_without_words_fails_the_answer_too(asking: Asking, form: bytes) -> None:
    outcome = await asking.stream(HELLO, form, DONE)
    assert isinstance(outcome.error, BrokenStream)
    assert outcome.text == "Hello"


async def test_the_secret_in_an_error_of_any_form_is_cut_out(asking: Asking) -> None:
    outcome = await asking.stream(b"error: no access with secret-key-of-the-lab\n\n")
    assert "no access with [key]" in str(outcome.error)
