"""Turns that continue without a reader for as long as a client asked for."""

import pytest

from ..support.client import User, new_user, next_event, text_of
from ..support.process import recorded_answer
from ..support.scripted import Exchange, Gate, ScriptedProvider

STOPPED_WITHOUT_READER = {"prompt": "Count", "onDisconnect": "stop"}


class Waiting:
    """A model that waits in the middle of its answer."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.gate = Gate()
        self.model = scripted.model(self._write)

    async def _write(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one ")
        await self.gate.wait()
        await exchange.write("two")
        await exchange.end(1, 2)


@pytest.fixture
def waiting(scripted: ScriptedProvider) -> Waiting:
    return Waiting(scripted)


async def keep(user: User, session_id: str, seconds: int) -> bool:
    response = await user.http.post(f"/playground/sessions/{session_id}/keep", json={"seconds": seconds})
    assert response.status_code == 200, response.text
    running: bool = response.json()["running"]
    return running


async def test_a_turn_that_is_kept_continues_without_a_reader_and_is_joined_again(user: User, waiting: Waiting):
    async with user.stream(json={**STOPPED_WITHOUT_READER, "models": [waiting.model]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        last = await next_event(events, "chunk", content="one ")
        assert await keep(user, session_id, 600)
        assert await keep(user, session_id, 1)
    path = f"/playground/sessions/{session_id}/stream"
    async with user.stream("GET", path, headers={"Last-Event-ID": last.id}) as events:
        waiting.gate.open()
        rest = [event async for event in events]
    assert text_of(rest, 0) == "two"
    assert (await recorded_answer(user, session_id))["status"] == "completed"
    assert not await keep(user, session_id, 600)


async def test_a_turn_is_stopped_when_it_is_kept_no_longer(user: User, waiting: Waiting):
    async with user.stream(json={**STOPPED_WITHOUT_READER, "models": [waiting.model]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        await next_event(events, "chunk", content="one ")
        assert await keep(user, session_id, 1)
    answer = await recorded_answer(user, session_id)
    assert (answer["status"], answer["text"]) == ("stopped", "one ")
    waiting.gate.open()


async def test_no_one_else_keeps_a_turn(user: User, waiting: Waiting):
    async with user.stream(json={**STOPPED_WITHOUT_READER, "models": [waiting.model]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        async with new_user(str(user.http.base_url)) as other:
            response = await other.http.post(f"/playground/sessions/{session_id}/keep", json={"seconds": 10})
            assert (response.status_code, response.json()["type"]) == (404, "urn:playground:problem:not_found")
    assert (await recorded_answer(user, session_id))["status"] == "stopped"
    waiting.gate.open()


@pytest.mark.parametrize("seconds", [0, -1, 3601, "long", None])
async def test_a_turn_is_kept_for_at_most_an_hour_at_a_time(user: User, seconds: object):
    response = await user.http.post("/playground/sessions/any/keep", json={"seconds": seconds})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "seconds"
