"""What providers send that no protocol foresees: the lane ends as it should, and everything about it is kept."""

import json
from typing import Any

import pytest

from playground.providers.answer import stream as answer_stream
from playground.providers.answer import timeouts as patience

from ..support.client import Event, User, next_event, of_type, text_of
from ..support.scripted import Exchange, ScriptedProvider


async def kept(user: User, events: list[Event]) -> dict[str, Any]:
    """The record of the only lane."""
    [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
    [answer] = turn["answers"]
    return answer


@pytest.mark.parametrize("told", ["sto\ud800p", "sto\0p"])
async def test_a_finish_reason_that_the_database_cannot_store_is_kept_as_far_as_possible(user: User, scripted: ScriptedProvider, told: str):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.event({"choices": [{"delta": {}, "finish_reason": told}]})
        await exchange.send(b"data: [DONE]\n\n")

    events = await user.compare("Hi", [scripted.model(answers)])
    assert of_type(events, "status")[-1]["status"] == "completed"
    answer = await kept(user, events)
    assert (answer["status"], answer["text"], answer["finishReason"]) == ("completed", "Hello", "sto\ufffdp")


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10**9, "completion_tokens": 5},
        {"prompt_tokens": 7, "completion_tokens": 2**31},
        {"prompt_tokens": 7, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2**31}},
        {"prompt_tokens": 7, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 2**31}},
    ],
)
async def test_impossible_counts_are_replaced_by_an_estimate(user: User, scripted: ScriptedProvider, usage: dict[str, Any]):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.end(**usage)

    events = await user.compare("Hi", [scripted.model(answers)])
    [metrics] = of_type(events, "metrics")
    assert metrics["estimated"] is True
    assert 0 < metrics["tokensUsed"] < 100
    answer = await kept(user, events)
    assert (answer["status"], answer["tokensUsed"], answer["cost"]) == ("completed", metrics["tokensUsed"], metrics["cost"])


async def test_an_impossible_input_is_counted_and_the_output_is_the_providers(user: User, scripted: ScriptedProvider):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.end(0, 31)

    events = await user.compare("Hi", [scripted.model(answers)])
    answer = await kept(user, events)
    assert 0 < answer["inputTokens"] < 100
    assert (answer["outputTokens"], answer["estimated"]) == (31, True)


async def test_tokens_written_to_the_cache_are_in_the_metrics_and_the_record(user: User, scripted: ScriptedProvider):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.end(120, 5, prompt_tokens_details={"cached_tokens": 3, "cache_write_tokens": 110})

    events = await user.compare("Hi", [scripted.model(answers)])
    [metrics] = of_type(events, "metrics")
    assert (metrics["inputTokens"], metrics["cachedInputTokens"], metrics["cacheWriteTokens"]) == (120, 3, 110)
    answer = await kept(user, events)
    assert (answer["cachedInputTokens"], answer["cacheWriteTokens"], answer["estimated"]) == (3, 110, False)


async def test_an_output_calculated_from_the_total_is_not_an_estimate(user: User, scripted: ScriptedProvider):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.end(7, None, total_tokens=12)

    [metrics] = of_type(await user.compare("Hi", [scripted.model(answers)]), "metrics")
    assert (metrics["inputTokens"], metrics["outputTokens"], metrics["estimated"]) == (7, 5, False)


async def test_an_answer_with_a_finish_reason_is_complete_although_its_server_goes_silent(
    user: User, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "_ENDING_SECONDS", 0.2)

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        usage = {"prompt_tokens": 7, "completion_tokens": 5}
        await exchange.event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage})
        await exchange.until_client_leaves()

    events = await user.compare("Hi", [scripted.model(answers)])
    assert not of_type(events, "error")
    [metrics] = of_type(events, "metrics")
    assert (metrics["inputTokens"], metrics["outputTokens"], metrics["estimated"]) == (7, 5, False)
    assert (await kept(user, events))["status"] == "completed"


@pytest.mark.parametrize("done", [b"data: [DONE] \n\n", b'data: "[DONE]"\n\n'])
async def test_unusual_events_and_ends_leave_an_answer_complete(user: User, scripted: ScriptedProvider, done: bytes):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hel")
        await exchange.send(b"data: null\n\n")
        await exchange.write("lo")
        await exchange.send(done)

    events = await user.compare("Hi", [scripted.model(answers)])
    assert text_of(events, 0) == "Hello"
    assert of_type(events, "status")[-1]["status"] == "completed"


@pytest.mark.parametrize(("usage_of_last", "estimated"), [(None, True), ({"prompt_tokens": 7, "completion_tokens": 4}, False)])
async def test_a_stopped_lane_is_exact_when_the_usage_counts_its_last_text(
    user: User, scripted: ScriptedProvider, usage_of_last: dict[str, int] | None, estimated: bool
):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        usage = {"prompt_tokens": 7, "completion_tokens": 1}
        await exchange.event({"choices": [{"delta": {"content": "The"}}], "usage": usage})
        await exchange.write(" capital", " of")
        await exchange.event({"choices": [{"delta": {"content": " France"}}], "usage": usage_of_last})
        await exchange.until_client_leaves()

    async with user.stream(json={"prompt": "Capital?", "models": [scripted.model(answers)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk", content=" France")
        await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
        metrics = (await next_event(events, "metrics")).data
    assert metrics["estimated"] is estimated
    assert estimated or (metrics["inputTokens"], metrics["outputTokens"]) == (7, 4)


def chunked(body: bytes, size: int) -> bytes:
    """HTTP's chunks of `size` bytes."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


@pytest.mark.parametrize("size", [100, 1_000, 65_536])
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_answer_that_comes_at_once_is_read_whole(user: User, scripted: ScriptedProvider, size: int, streamed: bool):
    words = "abcdefg" * 100_000

    async def answers(exchange: Exchange) -> None:
        if streamed:
            pieces = [{"choices": [{"index": 0, "delta": {"content": words[at : at + 700]}}]} for at in range(0, len(words), 700)]
            end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
            body = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in [*pieces, end]) + b"data: [DONE]\n\n"
        else:
            body = json.dumps({"choices": [{"index": 0, "message": {"content": words}, "finish_reason": "stop"}]}).encode()
        kind = b"text/event-stream" if streamed else b"application/json"
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind + chunked(body, size))

    events = await user.compare("Hi", [scripted.model(answers)])
    assert text_of(events, 0) == words
    assert (await kept(user, events))["text"] == words


async def test_the_start_of_a_json_answer_that_is_too_long_is_kept(user: User, scripted: ScriptedProvider):
    words = "ä\n" * 1_500_000  # Four bytes each.

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.send(json.dumps({"choices": [{"message": {"content": "a" + words}, "finish_reason": "stop"}]}).encode())

    events = await user.compare("Hi", [scripted.model(answers)])
    [error] = of_type(events, "error")
    assert "more than 4 MB" in error["message"]
    answer = await kept(user, events)
    assert (answer["status"], answer["text"]) == ("failed", "a" + words[: 2 * 1024 * 1024 - 1])


async def test_metadata_of_a_failed_attempt_is_not_used_for_the_next(user: User, scripted: ScriptedProvider):
    async def fails(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.begin()
            await exchange.event({"choices": [{"delta": {}, "finish_reason": "error"}]})
        else:
            await exchange.error(401, {"error": {"message": "No such key."}})

    model = scripted.model(fails)
    answer = await kept(user, await user.compare("Hi", [model]))
    assert (answer["status"], answer["attempts"], answer["finishReason"]) == ("failed", 2, None)


async def test_an_answer_that_was_whole_when_it_was_stopped_is_complete(
    user: User, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answer_stream, "_DRAIN_SECONDS", 30)

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.send(b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\ndata: [DONE]\n\n')
        await exchange.until_client_leaves()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(answers)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
        [*_, last] = of_type([event async for event in events], "status")
    assert last["status"] == "completed"
