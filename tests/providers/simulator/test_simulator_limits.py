"""What a request may say to shorten an answer, and what it may not say at all."""

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.providers.simulator import MODELS
from playground.providers.simulator.tokens import Piece, count_tokens, cut_at_budget, split

PROMPT = "Compare PostgreSQL and SQLite for a small web service"


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("budget", [1, 2, 17, 60])
async def test_max_tokens_cuts_the_answer_and_says_so(ask, field, budget):
    whole = await ask("careful", PROMPT)
    short = await ask("careful", PROMPT, **{field: budget}, stream_options={"include_usage": True})
    assert short.finish_reason == "length"
    assert short.usage["completion_tokens"] == budget
    assert short.text
    assert whole.text.startswith(short.text)


async def test_sufficient_max_tokens_changes_nothing(ask):
    whole = await ask("quick", PROMPT, stream_options={"include_usage": True})
    same = await ask("quick", PROMPT, max_tokens=whole.usage["completion_tokens"])
    assert (same.text, same.finish_reason) == (whole.text, "stop")


async def test_thinking_counts_towards_max_tokens(ask):
    answer = await ask("reasoner", PROMPT, max_completion_tokens=20)
    assert answer.thoughts
    assert (answer.text, answer.finish_reason) == ("", "length")


@pytest.mark.parametrize("many", [False, True])
async def test_stop_sequence_ends_the_answer_and_is_left_out(ask, many):
    whole = await ask("careful", PROMPT)
    stop = whole.text[100:110]
    stopped = await ask("careful", PROMPT, stop=["never in there", stop] if many else stop)
    assert stopped.text == whole.text[: whole.text.index(stop)]
    assert stopped.finish_reason == "stop"


async def test_stop_sequence_that_does_not_occur_changes_nothing(ask):
    assert (await ask("quick", PROMPT, stop="✂")).text == (await ask("quick", PROMPT)).text


async def test_stop_at_the_first_character_gives_an_empty_answer(ask):
    answer = await ask("quick", PROMPT, stop="*")
    assert (answer.text, answer.finish_reason, answer.done) == ("", "stop", True)


async def test_prompt_beyond_the_context_window_is_refused(post):
    window = MODELS["flaky"].context_window
    error = (await post("flaky", "word " * window)).json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "messages")
    assert str(window) in error["message"]


async def test_all_messages_count_towards_the_context_window(post):
    half = "word " * (MODELS["flaky"].context_window // 2)
    messages = [{"role": "user", "content": half}, {"role": "assistant", "content": half}, {"role": "user", "content": "and now?"}]
    assert (await post("flaky", messages)).json()["error"]["code"] == "context_length_exceeded"


GOOD = {"model": "quick", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages[0].content[0]"),
        ({"model": None}, "model"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"n": 2}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ],
)
async def test_invalid_field_is_named(client: httpx.AsyncClient, change, param):
    response = await client.post("/chat/completions", json={**GOOD, **change})
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, None)
    assert param.split("[")[0] in error["message"] or "text only" in error["message"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"\xff"', b"[" * 100_000, b'{"messages": NaN}', b"1" * 5000, b"{}"])
async def test_invalid_body_is_refused(client: httpx.AsyncClient, content):
    response = await client.post("/chat/completions", content=content)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_oversized_body_is_refused(client: httpx.AsyncClient):
    response = await client.post("/chat/completions", content=b" " * (32 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


async def test_unknown_fields_and_text_parts_are_accepted(client: httpx.AsyncClient):
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "photosynthesis?"}]
    response = await client.post(
        "/chat/completions", json={**GOOD, "messages": [{"role": "user", "content": parts}], "user": "x", "logprobs": None}
    )
    assert "photosynthesis" in response.json()["choices"][0]["message"]["content"]


async def test_wrong_method_and_path_are_errors_in_openai_shape(client: httpx.AsyncClient):
    for response, status in ((await client.get("/chat/completions"), 405), (await client.post("/completions", json={}), 404)):
        assert response.status_code == status
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@given(st.text(), st.integers(0, 50))
@example("0000000\x1f\r0", 3)
def test_cutting_at_a_budget_keeps_a_prefix_within_it(text, budget):
    kept, shortened = cut_at_budget(split(text, reasoning=False), budget)
    joined = "".join(piece.text for piece in kept)
    assert text.startswith(joined)
    assert shortened == (joined != text)
    assert sum(count_tokens(piece.text) for piece in kept) <= budget


@given(st.text())
def test_pieces_joined_are_the_text(text):
    assert "".join(piece.text for piece in split(text, reasoning=False)) == text


def test_tokens_are_counted_by_the_documented_rule():
    assert count_tokens("one simulation, 日本語の文") == 1 + 2 + 3
    assert cut_at_budget([Piece(" simulation", reasoning=False)], 1) == ([Piece(" simula", reasoning=False)], True)
    assert count_tokens("") == 0
