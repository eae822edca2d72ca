"""The end of an answer is judged: complete, cut, or failed, by the reason that the provider gives and by what was written."""

import pytest

from playground.providers.answer.finish_reasons import Ending, ending_of
from playground.providers.errors.kinds import BrokenStream, ContentFiltered, PromptTooLong, ProviderError, ProviderFailed

from .asking import Asking
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

HELLO = event(text_chunk("Hello"))
THOUGHT = event(text_chunk(None, reasoning="hm"))
UNUSED = event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 0, "total_tokens": 11}})
USED = event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}})

COMPLETE = ["stop", "STOP", "eos", "eos_token", "stop_sequence", "end_turn", "tool_calls", "function_call", "COMPLETE", "normal"]
CUT = ["length", "LENGTH", "max_tokens", "MAX_TOKENS", "maxTokens", "max_output_tokens", "FinishReason.MAX_TOKENS"]
FULL = ["model_context_window_exceeded", "model_length", "ERROR_LIMIT", "contextLengthReached"]
FILTERED = [
    *("content_filter", "CONTENT_FILTER", "content-filter", "contentFiltered", "SAFETY", "recitation", "sensitive", "BLOCKLIST", "SPII"),
    *("PROHIBITED_CONTENT", "content_filter: PROHIBITED_CONTENT", "refusal", "guardrail_intervened", "IMAGE_SAFETY", "ERROR_TOXIC"),
]
FAILED = [
    *("error", "network_error", "NETWORK_ERROR", "abort", "insufficient_system_resource", "malformed_function_call", "cancelled"),
    *("MALFORMED_FUNCTION_CALL", "function_call_filter: MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "time_limit"),
]


@pytest.mark.parametrize(
    ("reasons", "ending"),
    [
        (COMPLETE, Ending.COMPLETE),
        (CUT, Ending.TOKEN_LIMIT),
        (FULL, Ending.CONTEXT_WINDOW),
        (FILTERED, Ending.FILTERED),
        (FAILED, Ending.FAILED),
        (["odd", "", "null"], None),
    ],
)
def test_a_reason_is_known_in_every_spelling(reasons: list[str], ending: Ending | None) -> None:
    assert {reason: ending_of(reason) for reason in reasons} == dict.fromkeys(reasons, ending)


@pytest.mark.parametrize("reason", [*FAILED, *FILTERED])
@pytest.mark.parametrize("before", [b"", HELLO, THOUGHT], ids=["nothing", "text", "thinking"])
async def test_a_failing_reason_fails_the_answer_and_keeps_its_text(asking: Asking, before: bytes, reason: str) -> None:
    outcome = await asking.stream(before, event(finish_chunk(reason)), UNUSED, DONE)
    assert type(outcome.error) is (ContentFiltered if reason in FILTERED else ProviderFailed)
    assert outcome.error.retryable is (reason in FAILED)
    assert f"“{reason}”" in str(outcome.error)
    assert (outcome.text, outcome.finish_reason) == ("Hello" if before == HELLO else "", reason)


@pytest.mark.parametrize("reason", [*COMPLETE, *CUT, *FULL])
async def test_complete_and_truncated_answers_are_not_failures(asking: Asking, reason: str) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk(reason)), USED, DONE)
    assert (outcome.text, outcome.finish_reason, outcome.error) == ("Hello", reason, None)


@pytest.mark.parametrize("reason", [*COMPLETE, *CUT])
async def test_an_answer_without_text_is_one_when_its_reason_says_so(asking: Asking, reason: str) -> None:
    assert (await asking.stream(event(finish_chunk(reason)), UNUSED, DONE)).error is None


@pytest.mark.parametrize("reason", FULL)
async def test_a_full_context_window_before_any_text_is_a_prompt_that_is_too_long(asking: Asking, reason: str) -> None:
    outcome = await asking.stream(event(finish_chunk(reason)), UNUSED, DONE)
    assert isinstance(outcome.error, PromptTooLong)
    assert not outcome.error.retryable


async def test_a_context_window_that_thinking_filled_cuts_the_answer(asking: Asking) -> None:
    for pieces in ([THOUGHT, event(finish_chunk(FULL[0])), UNUSED], [event(finish_chunk(FULL[0])), USED]):
        assert (await asking.stream(*pieces, DONE)).error is None


async def test_an_unknown_reason_is_shown_as_it_is_and_fails_only_an_answer_without_text(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk("Odd-Reason")), DONE)
    assert (outcome.finish_reason, outcome.error) == ("Odd-Reason", None)
    outcome = await asking.stream(event(finish_chunk("Odd-Reason")), UNUSED, DONE)
    assert isinstance(outcome.error, ProviderFailed)
    assert "“Odd-Reason”" in str(outcome.error)


@pytest.mark.parametrize(
    ("reason", "native", "said"),
    [
        ("stop", "network_error", "network_error"),
        ("stop", "SAFETY", "SAFETY"),
        ("stop", "MAX_TOKENS", "MAX_TOKENS"),
        ("error", "insufficient_system_resource", "insufficient_system_resource"),
        ("error", "RECITATION", "RECITATION"),
        ("length", "STOP", "length"),
        ("stop", "end_turn", "stop"),
        ("stop", "odd", "stop"),
        ("stop", "null", "stop"),
        (None, "abort", "abort"),
        ("null", "stop", "stop"),
    ],
)
async def test_a_native_reason_counts_if_it_is_more_specific(asking: Asking, reason: str | None, native: str, said: str) -> None:
    end = {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": reason, "native_finish_reason": native}]}
    outcome = await asking.stream(HELLO, event(end), USED, DONE)
    assert outcome.finish_reason == said
    assert (outcome.error is not None) is (said in (*FAILED, *FILTERED, "RECITATION"))


@pytest.mark.parametrize(
    ("reasons", "ending"),
    [
        (["length_capped", "max_output_tokens_exceeded", "output_token_limit", "length (max_tokens)"], Ending.TOKEN_LIMIT),
        (["context_window_full", "CONTEXT_OVERFLOW", "prompt_too_long"], Ending.CONTEXT_WINDOW),
        (["content_moderation", "SensitiveWords", "blocked_by_policy", "risk_control", "guardrail_blocked"], Ending.FILTERED),
        (["upstream_error", "model_error", "client_disconnected", "out_of_memory", "time_limit_exceeded", "worker-crashed"], Ending.FAILED),
        (["no_error", "repetition", "pause_turn", "max_turns", "other"], None),
    ],
)
def test_an_unknown_reason_counts_by_the_words_in_it(reasons: list[str], ending: Ending | None) -> None:
    assert {reason: ending_of(reason) for reason in reasons} == dict.fromkeys(reasons, ending)


@pytest.mark.parametrize(
    "end",
    [
        {"choices": [{"index": 0, "delta": {"content": "", "finish_reason": "length"}}]},
        {"choices": [{"index": 0, "message": {"content": "", "finish_reason": "length"}}]},
        {"choices": [{"index": 0, "delta": {}, "finishReason": "length"}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": {"type": "length"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_details": {"type": "length"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": None, "stop_reason": "length"}]},
        {"choices": [], "finish_reason": "length"},
        {"done": True, "done_reason": "length"},
    ],
)
async def test_a_reason_is_read_in_each_place(asking: Asking, end: object) -> None:
    outcome = await asking.stream(HELLO, event(end))
    assert (outcome.text, outcome.finish_reason, outcome.error) == ("Hello", "length", None)


async def test_a_matched_stop_sequence_is_not_a_reason(asking: Asking) -> None:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "error"}]}
    assert (await asking.stream(HELLO, event(end), DONE)).finish_reason == "stop"
    end = {"choices": [{"index": 0, "delta": {}, "stop_reason": "###"}]}
    assert (await asking.stream(HELLO, event(end), DONE)).finish_reason is None


async def test_a_cut_answer_stays_cut_when_a_gateway_adds_its_own_stop(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk("length")), event(finish_chunk("stop")), DONE)
    assert (outcome.finish_reason, outcome.error) == ("length", None)


async def test_a_failing_reason_is_not_taken_back_by_another(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk("content_filter")), event(finish_chunk("stop")), DONE)
    assert (outcome.finish_reason, type(outcome.error)) == ("content_filter", ContentFiltered)


@pytest.mark.parametrize("nothing", ["null", "None", " ", "in_progress", "FINISH_REASON_UNSPECIFIED"])
async def test_null_as_text_is_not_a_reason(asking: Asking, nothing: str) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": nothing}]}
    for framing in ("chunked", "close"):
        outcome = await asking(Answer([event(chunk), event(finish_chunk(nothing))], framing=framing))
        assert isinstance(outcome.error, BrokenStream)
        assert (outcome.text, outcome.finish_reason) == ("Hello", None)
    assert (await asking.stream(event(chunk), event(finish_chunk()), DONE)).error is None


@pytest.mark.parametrize("pieces", [[], [event({})], [b": hello\n\n"], [event(text_chunk(""))], [THOUGHT]])
async def test_done_by_itself_is_not_a_success(asking: Asking, pieces: list[bytes]) -> None:
    assert isinstance((await asking.stream(*pieces, DONE)).error, BrokenStream)


@pytest.mark.parametrize(
    "body", [b'{"choices":[{"message":{"content":""}}]}', b'{"choices":[{"message":{"content":""},"finish_reason":"abort"}]}']
)
async def test_one_object_is_judged_like_a_stream(asking: Asking, body: bytes) -> None:
    assert isinstance((await asking(Answer([body], content_type="application/json"))).error, ProviderError)
