"""How long an answer took, how fast it was written and how it grew: in events and in the record."""

import csv
import io
from typing import Any

import anyio
import pytest

from ..support.client import User, next_event, of_type
from ..support.scripted import Exchange, Gate, Script, ScriptedProvider

MOST_POINTS = 128


async def measured(user: User, script: Script, scripted: ScriptedProvider) -> tuple[dict[str, Any], dict[str, Any]]:
    """The `metrics` of an answer by that script, and the answer as it is kept."""
    events = await user.compare("Hi", [scripted.model(script)])
    [metrics] = of_type(events, "metrics")
    [answer] = (await user.session(events[0].data["sessionId"]))["turns"][0]["answers"]
    return metrics, answer


def paced(*texts: str, tokens: int, pause: float = 0.05, **usage: Any) -> Script:
    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        for text in texts:
            await exchange.write(text)
            await anyio.sleep(pause)
        await exchange.end(3, tokens, **usage)

    return write


async def think(exchange: Exchange, *texts: str) -> None:
    for text in texts:
        await exchange.event({"choices": [{"index": 0, "delta": {"reasoning_content": text}}]})


async def test_the_rate_counts_the_tokens_after_the_first_over_the_time_from_the_first_delta_to_the_last(
    user: User, scripted: ScriptedProvider
):
    metrics, answer = await measured(user, paced("one ", "two ", "three", tokens=3), scripted)
    first, last = answer["timeline"][0][0], answer["timeline"][-1][0]
    assert first == round(metrics["timeToFirstToken"])
    assert metrics["tokensPerSecond"] == pytest.approx(2_000 / (last - first), rel=0.05)
    assert answer["tokensPerSecond"] == metrics["tokensPerSecond"]


async def test_a_single_token_has_no_rate(user: User, scripted: ScriptedProvider):
    metrics, _ = await measured(user, paced("o", "ne", tokens=1), scripted)
    assert metrics["tokensPerSecond"] is None


async def test_an_answer_that_comes_at_once_has_no_rate(user: User, scripted: ScriptedProvider):
    async def at_once(exchange: Exchange) -> None:
        await exchange.begin()
        piece = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
        await exchange.send(piece * 30)
        await exchange.end(3, 30)

    metrics, answer = await measured(user, at_once, scripted)
    assert metrics["tokensPerSecond"] is None
    assert answer["tokensPerSecond"] is None
    assert answer["timeline"][-1][1] == 150


async def test_hidden_reasoning_tokens_are_not_part_of_the_rate(user: User, scripted: ScriptedProvider):
    script = paced("one ", "two ", "three", tokens=1_003, completion_tokens_details={"reasoning_tokens": 1_000})
    metrics, answer = await measured(user, script, scripted)
    first, last = answer["timeline"][0][0], answer["timeline"][-1][0]
    assert metrics["tokensPerSecond"] == pytest.approx(2_000 / (last - first), rel=0.05)


async def test_the_first_answer_comes_after_the_thinking(user: User, scripted: ScriptedProvider):
    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await think(exchange, "Let me ", "see.")
        await anyio.sleep(0.1)
        await exchange.write("It is 8.")
        await exchange.end(3, 9)

    metrics, answer = await measured(user, thinks, scripted)
    assert metrics["timeToFirstAnswer"] >= metrics["timeToFirstToken"] + 95
    assert metrics["responseTime"] >= metrics["timeToFirstAnswer"]
    assert answer["timeToFirstAnswer"] == metrics["timeToFirstAnswer"]


async def test_without_thinking_the_first_token_is_the_first_answer_and_only_thinking_has_none(user: User, scripted: ScriptedProvider):
    async def only_thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await think(exchange, "Hm.")
        await exchange.end(3, 2)

    metrics, _ = await measured(user, paced("one ", "two", tokens=2), scripted)
    assert metrics["timeToFirstAnswer"] == metrics["timeToFirstToken"]
    metrics, answer = await measured(user, only_thinks, scripted)
    assert metrics["timeToFirstToken"] is not None
    assert (metrics["timeToFirstAnswer"], answer["timeToFirstAnswer"]) == (None, None)


async def test_the_total_time_has_the_attempts_and_the_waits_between_them(user: User, scripted: ScriptedProvider):
    attempts = 0

    async def busy_at_first(exchange: Exchange) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await exchange.error(503, {"error": {"message": "Busy."}}, "Retry-After: 1\r\n")
            return
        await exchange.begin()
        await exchange.write("Now.")
        await exchange.end(3, 2)

    metrics, answer = await measured(user, busy_at_first, scripted)
    assert metrics["attempts"] == 2
    assert metrics["totalTime"] >= metrics["responseTime"] + 1_000
    assert answer["totalTime"] == metrics["totalTime"]
    metrics, _ = await measured(user, paced("one", tokens=1), scripted)
    assert metrics["totalTime"] == metrics["responseTime"]


async def test_the_timeline_is_in_the_record_and_ends_with_all_characters_of_thinking_and_answer(user: User, scripted: ScriptedProvider):
    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await think(exchange, "Größe? ")
        for text in ("猫が", "\u2028\n\t", "“好き”", "🙂"):
            await anyio.sleep(0.12)
            await exchange.write(text)
        await exchange.end(3, 9)

    metrics, answer = await measured(user, thinks, scripted)
    timeline = answer["timeline"]
    assert [characters for _, characters in timeline] == [7, 9, 12, 16, 17]
    assert timeline[-1][1] == len(answer["reasoning"] + answer["text"])
    moments = [moment for moment, _ in timeline]
    assert moments == sorted(moments)
    assert moments[0] == round(metrics["timeToFirstToken"])
    assert moments[-1] <= round(metrics["responseTime"])


async def test_a_pause_has_a_point_at_both_ends(user: User, scripted: ScriptedProvider):
    async def pauses(exchange: Exchange) -> None:
        await exchange.begin()
        for _ in range(20):
            await exchange.write("word ")
            await anyio.sleep(0.004)
        await anyio.sleep(0.4)
        for _ in range(20):
            await exchange.write("word ")
            await anyio.sleep(0.004)
        await exchange.end(3, 40)

    _, answer = await measured(user, pauses, scripted)
    before = next(moment for moment, characters in answer["timeline"] if characters == 100)
    after = next(moment for moment, characters in answer["timeline"] if characters > 100)
    assert after - before >= 390
    assert dict(answer["timeline"])[after] <= 110


async def test_the_timeline_is_bounded_however_many_reads_there_are(user: User, scripted: ScriptedProvider):
    async def writes_long(exchange: Exchange) -> None:
        await exchange.begin()
        for number in range(400):
            await exchange.write(f"{number} ")
            await anyio.sleep(0.055 if number < 140 else 0)
        await exchange.end(3, 400)

    metrics, answer = await measured(user, writes_long, scripted)
    assert 40 < len(answer["timeline"]) <= MOST_POINTS
    assert answer["timeline"][0] == [round(metrics["timeToFirstToken"]), 2]
    assert answer["timeline"][-1][1] == len(answer["text"])


async def test_an_answer_without_text_has_an_empty_timeline_and_a_running_one_has_none(user: User, scripted: ScriptedProvider):
    async def refuses(exchange: Exchange) -> None:
        await exchange.error(400, {"error": {"message": "No."}})

    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one")
        await gate.wait()
        await exchange.end(3, 1)

    metrics, answer = await measured(user, refuses, scripted)
    assert answer["timeline"] == []
    assert metrics["timeToFirstAnswer"] is None
    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        [answer] = (await user.session(session.data["sessionId"]))["turns"][0]["answers"]
        assert (answer["status"], answer["timeline"]) == ("running", None)
        gate.open()
        await next_event(events, "done")


async def test_a_stopped_answer_keeps_how_it_grew_until_then(user: User, scripted: ScriptedProvider):
    async def hangs(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one ", "two")
        await exchange.until_client_leaves()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(hangs)]}) as events:
        session = (await next_event(events, "session")).data["sessionId"]
        await next_event(events, "chunk", content="two")
        await user.http.post(f"/playground/sessions/{session}/stop", json={})
        await next_event(events, "done")
    [answer] = (await user.session(session))["turns"][0]["answers"]
    assert (answer["status"], answer["timeline"][-1][1]) == ("stopped", 7)


async def test_lists_and_exports_have_the_times(user: User, scripted: ScriptedProvider):
    metrics, kept = await measured(user, paced("one ", "two", tokens=2), scripted)
    page = (await user.http.get("/playground/sessions", params={"include": "answers"})).json()
    [answer] = page["items"][0]["answers"]
    for figure in ("timeToFirstAnswer", "totalTime", "tokensPerSecond"):
        assert answer[figure] == metrics[figure], figure
    [session] = (await user.http.get("/playground/sessions/export")).json()
    assert session["turns"][0]["answers"][0]["timeline"] == kept["timeline"]
    text = (await user.http.get("/playground/sessions/export", params={"format": "csv"})).text
    [row] = csv.DictReader(io.StringIO(text))
    assert float(row["time_to_first_answer_ms"]) == metrics["timeToFirstAnswer"]
    assert float(row["total_time_ms"]) == metrics["totalTime"]
    assert row["attempts"] == "1"
