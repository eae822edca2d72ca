"""The service is killed while two lanes run, one of which has ended; and is started again on the same data folder."""

import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..database.conftest import postmaster_pid
from ..support.client import User, new_user, next_event, of_type, parse_events
from ..support.process import ServiceProcess, until, until_journal_holds
from ..support.scripted import Exchange, Gate, ScriptedProvider
from ..terminal.conftest import playground
from .conftest import Serving


@dataclass
class Crash:
    """What a reader saw before it, and what stands in the session after it."""

    metrics_before: dict[str, Any]
    postmaster_before: int
    service: ServiceProcess
    user: User
    session_id: str
    answers: list[dict[str, Any]]


async def ends(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.event({"choices": [{"delta": {"content": "A whole "}}], "citations": ["https://example.com/half"]})
    await exchange.write("answer.")
    await exchange.end(5, 4)


async def does_not_end_its_first_turn(exchange: Exchange) -> None:
    await exchange.begin()
    if len(exchange.body["messages"]) > 1:
        await exchange.end(20, 0)
        return
    await exchange.event({"choices": [{"index": 0, "delta": {"reasoning_content": "Let me think. "}}]})
    await exchange.write("Half of ", "an answer, \u2028", "so far")
    await exchange.until_client_leaves()


@pytest.fixture(scope="module")
async def crash(serve: Serving, scripted: ScriptedProvider, anyio_backend: str) -> AsyncIterator[Crash]:
    models = [scripted.model(ends), scripted.model(does_not_end_its_first_turn)]
    with serve() as service:
        async with new_user(service.url) as user:
            async with user.stream(json={"prompt": "What is half?", "models": models}) as events:
                session = await next_event(events, "session")
                metrics = await next_event(events, "metrics", lane=0)
                await until_journal_holds(service, "so far")
                await until_journal_holds(service, '"type":"answered"')
                postmaster = postmaster_pid(service.data_dir)
                service.kill()
            with serve() as restarted:
                user.http.base_url = restarted.url
                await restarted.logged("recorded_from_journal")
                turn = (await user.session(session.data["sessionId"]))["turns"][0]
                yield Crash(metrics.data, postmaster, restarted, user, session.data["sessionId"], turn["answers"])


async def test_text_written_before_a_kill_is_there_after_the_next_start(crash: Crash) -> None:
    answer = crash.answers[1]
    assert (answer["text"], answer["reasoning"]) == ("Half of an answer, \u2028so far", "Let me think. ")


async def test_an_answer_interrupted_by_a_kill_is_marked_as_interrupted(crash: Crash) -> None:
    assert crash.answers[1]["status"] == "interrupted"
    assert crash.answers[1]["finishedAt"] is not None


async def test_an_answer_interrupted_by_a_kill_is_counted_and_priced_as_estimated(crash: Crash) -> None:
    answer = crash.answers[1]
    assert answer["estimated"] is True
    assert answer["inputTokens"] > 0
    assert answer["outputTokens"] > answer["reasoningTokens"] > 0
    assert Decimal(answer["cost"]) == (answer["inputTokens"] + 2 * Decimal(answer["outputTokens"])) / 1_000_000


async def test_a_lane_that_had_ended_before_the_kill_keeps_its_own_figures(crash: Crash) -> None:
    answer, metrics = crash.answers[0], crash.metrics_before
    assert (answer["status"], answer["text"], answer["estimated"]) == ("completed", "A whole answer.", False)
    figures = ("inputTokens", "outputTokens", "tokensUsed", "cost", "timeToFirstToken", "timeToFirstAnswer", "responseTime", "totalTime")
    for figure in (*figures, "tokensPerSecond", "attempts"):
        assert answer[figure] == metrics[figure], figure
    assert answer["timeline"] == [[round(metrics["timeToFirstToken"]), len("A whole answer.")]]


async def test_a_lane_that_had_ended_before_the_kill_keeps_its_sources(crash: Crash) -> None:
    assert crash.answers[0]["sources"] == [{"url": "https://example.com/half", "title": None}]


async def test_an_answer_interrupted_by_a_kill_keeps_its_start_and_timeline(crash: Crash) -> None:
    answer = crash.answers[1]
    assert 0 < answer["timeToFirstToken"] <= answer["timeToFirstAnswer"]
    assert answer["timeline"][-1][1] == len(answer["reasoning"] + answer["text"])
    assert answer["timeline"][-1][0] >= round(answer["timeToFirstAnswer"])
    assert (answer["responseTime"], answer["totalTime"]) == (None, None)


async def test_the_embedded_postgresql_survives_the_kill_and_is_found_again(crash: Crash) -> None:
    assert postmaster_pid(crash.service.data_dir) == crash.postmaster_before


async def test_a_recovered_run_leaves_nothing_in_the_journal(crash: Crash) -> None:
    async def empty() -> bool:
        return crash.service.journal() == ""

    await until(empty)


async def test_a_session_interrupted_by_a_kill_accepts_its_next_turn(crash: Crash) -> None:
    response = await crash.user.http.post("/playground/stream", json={"prompt": "And the rest?", "sessionId": crash.session_id})
    events = parse_events(response.text)
    assert events[0].data["turn"] == 2
    assert [metrics["inputTokens"] for metrics in of_type(events, "metrics", 1)] == [20]


async def test_tokens_stay_valid_over_a_restart(crash: Crash) -> None:
    assert (await crash.user.http.get("/auth/profile")).json() == crash.user.account


def test_only_the_owner_can_read_the_generated_secret(crash: Crash, data_dir: Path) -> None:
    assert stat.S_IMODE((data_dir / "jwt-secret").stat().st_mode) == 0o600


async def test_a_key_is_free_again_for_its_answer_after_a_crash_at_the_start(serve: Serving, scripted: ScriptedProvider) -> None:
    asked = Gate()

    async def answer(exchange: Exchange) -> None:
        asked.open()
        await exchange.until_client_leaves()

    body, key = {"prompt": "Hi", "models": [scripted.model(answer)]}, {"Idempotency-Key": "once"}
    with serve() as service:
        async with new_user(service.url) as user, user.stream(json=body, headers=key) as events:
            session = await next_event(events, "session")
            await asked.wait()
            service.kill()
        with serve() as restarted:
            user.http.base_url = restarted.url
            async with httpx.AsyncClient(base_url=restarted.url, headers=user.http.headers) as http:
                await restarted.logged("recorded_from_journal")
                again = await http.post("/playground/stream", json=body, headers=key)
    assert again.status_code == 200
    events_again = parse_events(again.text)
    assert events_again[0].data["sessionId"] == session.data["sessionId"]
    assert events_again[-1].data["type"] == "done"
    [metrics] = of_type(events_again, "metrics")
    assert (metrics["responseTime"], metrics["totalTime"], metrics["tokensPerSecond"]) == (None, None, None)


async def test_the_ledger_has_every_answer_after_a_kill_once(crash: Crash) -> None:
    session = await crash.user.session(crash.session_id)
    answers = [answer for turn in session["turns"] for answer in turn["answers"]]
    total = (await crash.user.http.get("/reports/costs")).json()["total"]
    assert total["answers"] == total["calls"] == len(answers)
    assert Decimal(total["cost"]) == sum(Decimal(answer["cost"]) for answer in answers)
    assert total["outputTokens"] == sum(answer["outputTokens"] for answer in answers)

    checked = playground(crash.service.data_dir, "ledger", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
