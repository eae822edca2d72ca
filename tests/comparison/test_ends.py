"""How an answer ended, as far as users see it: in its events, its record and its export."""

import csv
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ..support.client import Event, User, of_type, text_of
from ..support.scripted import Exchange, ScriptedProvider

Script = Callable[[Exchange], Awaitable[None]]


def ending(reason: str | None, *texts: str, usage: dict[str, Any] | None = None, **choice: Any) -> Script:
    """Writes `texts`, then ends for that reason; more fields go into the last choice."""

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*texts)
        await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason, **choice}]})
        if usage is not None:
            await exchange.event({"choices": [], "usage": usage})
        await exchange.send(b"data: [DONE]\n\n")

    return answers


async def kept(user: User, events: list[Event]) -> dict[str, Any]:
    """The record of the only lane."""
    [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
    [answer] = turn["answers"]
    return answer


async def exported(user: User) -> dict[str, str]:
    response = await user.http.get("/playground/sessions/export", headers={"Accept": "text/csv"})
    [line] = csv.DictReader(io.StringIO(response.text, newline=""))
    return line


async def test_a_cut_answer_says_so_in_its_events_its_record_and_its_export(user: User, scripted: ScriptedProvider):
    model = scripted.model(ending("length", "The answer is", usage={"prompt_tokens": 11, "completion_tokens": 5}))
    events = await user.compare("Hi", [model], maxTokens=5)
    assert of_type(events, "status")[-1]["status"] == "completed"
    [metrics] = of_type(events, "metrics")
    answer, line = await kept(user, events), await exported(user)
    for end in (metrics, answer):
        assert (end["finishReason"], end["ending"], end["maxTokens"]) == ("length", "token_limit", 5)
    assert (answer["status"], answer["text"]) == ("completed", "The answer is")
    assert (line["finish_reason"], line["ending"], line["max_tokens"]) == ("length", "token_limit", "5")


async def test_an_answer_without_a_limit_that_ended_by_itself_says_so(user: User, scripted: ScriptedProvider):
    events = await user.compare("Hi", [scripted.model(ending("STOP", "Hello"))])
    for end in (*of_type(events, "metrics"), await kept(user, events)):
        assert (end["finishReason"], end["ending"], end["maxTokens"]) == ("STOP", "complete", None)


async def test_an_unknown_reason_is_shown_as_it_is(user: User, scripted: ScriptedProvider):
    events = await user.compare("Hi", [scripted.model(ending("Odd", "Hello"))])
    for end in (*of_type(events, "metrics"), await kept(user, events)):
        assert (end["finishReason"], end["ending"]) == ("Odd", None)


@pytest.mark.parametrize(
    ("reason", "code", "retryable"), [("SAFETY", "content_filtered", False), ("network_error", "provider_failed", True)]
)
async def test_an_answer_that_failed_late_keeps_its_text(user: User, scripted: ScriptedProvider, reason: str, code: str, retryable: bool):
    model = scripted.model(ending(reason, "I will explain how to", usage={"prompt_tokens": 11, "completion_tokens": 5}))
    events = await user.compare("Hi", [model])
    [error], [metrics] = of_type(events, "error"), of_type(events, "metrics")
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert (metrics["finishReason"], metrics["outputTokens"]) == (reason, 5)
    answer = await kept(user, events)
    assert (answer["status"], answer["text"], answer["error"]["code"]) == ("failed", "I will explain how to", code)
    assert (answer["finishReason"], len(scripted.asked(model))) == (reason, 1)


@pytest.mark.parametrize("native", [False, True])
async def test_an_error_of_the_provider_is_retried_before_any_text(user: User, scripted: ScriptedProvider, native: bool):
    async def fails_once(exchange: Exchange) -> None:
        failing = ending("stop", native_finish_reason="network_error") if native else ending("insufficient_system_resource")
        await (failing if len(scripted.asked(model)) == 1 else ending("stop", "Hello"))(exchange)

    model = scripted.model(fails_once)
    events = await user.compare("Hi", [model])
    queued = next(status for status in of_type(events, "status") if status["status"] == "queued")
    assert queued["error"]["code"] == "provider_failed"
    assert text_of(events, 0) == "Hello"
    assert (await kept(user, events))["status"] == "completed"


async def test_a_filtered_answer_is_not_retried(user: User, scripted: ScriptedProvider):
    model = scripted.model(ending("RECITATION"))
    [error] = of_type(await user.compare("Hi", [model]), "error")
    assert error["code"] == "content_filtered"
    assert len(scripted.asked(model)) == 1


async def test_done_by_itself_is_not_an_answer(user: User, scripted: ScriptedProvider):
    async def ends(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.send(b"data: [DONE]\n\n")

    events = await user.compare("Hi", [scripted.model(ends)])
    assert of_type(events, "status")[-1]["status"] == "failed"
    assert (await kept(user, events))["error"]["code"] == "broken_stream"


@pytest.mark.parametrize("status", [409, 424, 425, 498])
async def test_a_temporary_status_is_retried(user: User, scripted: ScriptedProvider, status: int):
    async def busy_once(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.error(status, {"error": "Not now", "error_type": "generation"})
        else:
            await ending("stop", "Hello")(exchange)

    model = scripted.model(busy_once)
    events = await user.compare("Hi", [model])
    assert [s["error"]["code"] for s in of_type(events, "status") if s["status"] == "queued"] == ["overloaded"]
    assert text_of(events, 0) == "Hello"
