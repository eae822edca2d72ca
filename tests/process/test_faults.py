"""What the service stands on dies under it: the query engine, the embedded PostgreSQL, its reader."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from ..database.conftest import kill, postmaster_pid
from ..support.client import User, next_event, of_type, text_of
from ..support.process import ServiceProcess, recorded_answer
from ..support.scripted import Exchange, Gate, ScriptedProvider


class Interruption:
    """A model that stops in the middle of its answer until the test lets it go on."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.model = scripted.model(self._answer)
        self._gate = Gate()

    async def _answer(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await self._gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    def over(self) -> None:
        self._gate.open()


@pytest.fixture
def interruption(scripted: ScriptedProvider) -> Iterator[Interruption]:
    interruption = Interruption(scripted)
    yield interruption
    interruption.over()


async def test_a_run_is_recorded_though_the_query_engine_is_killed_at_its_end(
    service: ServiceProcess, user: User, interruption: Interruption
) -> None:
    async with user.stream(json={"prompt": "Hi", "models": [interruption.model]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        [engine] = service.children("node")
        await kill(engine)
        interruption.over()
        rest = [event async for event in events]
    assert of_type(rest, "done")
    answer = await recorded_answer(user, session.data["sessionId"])
    assert (answer["status"], answer["text"], answer["inputTokens"]) == ("completed", "before after", 3)


async def test_a_run_is_recorded_though_the_embedded_postgresql_is_killed_at_its_end(
    service: ServiceProcess, user: User, interruption: Interruption
) -> None:
    async with user.stream(json={"prompt": "Hi", "models": [interruption.model]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        await kill(postmaster_pid(service.data_dir))
        interruption.over()
        rest = [event async for event in events]
    assert of_type(rest, "done")
    answer = await recorded_answer(user, session.data["sessionId"])
    assert (answer["status"], answer["text"], answer["inputTokens"]) == ("completed", "before after", 3)


async def test_a_run_starts_while_the_query_engine_is_unavailable(service: ServiceProcess, user: User, interruption: Interruption) -> None:
    [engine] = service.children("node")
    await kill(engine)
    interruption.over()
    events = await user.compare("Hi", [interruption.model])
    assert text_of(events, 0) == "before after"
    assert (await recorded_answer(user, events[0].data["sessionId"]))["status"] == "completed"


async def test_a_stuck_query_engine_delays_no_lane(service: ServiceProcess, user: User, interruption: Interruption) -> None:
    # Whose login it is stands in the database, and is known from then on.
    assert (await user.http.get("/users/me")).status_code == 200
    [engine] = service.children("node")
    os.kill(engine, signal.SIGSTOP)
    try:
        interruption.over()
        events = await user.compare("Hi", [interruption.model])
    finally:
        # An engine that answers nothing for long is replaced: then it is gone already.
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine, signal.SIGCONT)
    assert text_of(events, 0) == "before after"
    assert of_type(events, "done")
    assert (await recorded_answer(user, events[0].data["sessionId"]))["status"] == "completed"


async def test_a_run_without_readers_is_stopped_and_its_text_kept(user: User, interruption: Interruption) -> None:
    async with user.stream(json={"prompt": "Hi", "models": [interruption.model]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
    answer = await recorded_answer(user, session.data["sessionId"])
    assert (answer["status"], answer["text"], answer["estimated"]) == ("stopped", "before ", True)
