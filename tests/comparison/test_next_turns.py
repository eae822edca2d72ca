"""The next turn of a session, when several ask for it at once."""

from dataclasses import replace

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.recording.rows import TurnOrphaned, TurnRefused
from playground.comparison.repository import SessionRepository
from playground.kit.ids import new_id, new_run_id
from playground.serving.server import RunningService

from ..support.client import User, of_type
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .test_key_taken import turn_of


async def test_only_one_of_simultaneous_next_turns_is_accepted(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        if len(exchange.body["messages"]) > 1:
            await gate.wait()
        await exchange.write("Yes.")
        await exchange.end(3, 4)

    model = scripted.model(answer)
    session = (await user.compare("Hi", [model]))[0].data["sessionId"]
    answers = []

    async def ask(headers: dict[str, str]) -> None:
        response = await user.http.post("/playground/stream", json={"prompt": "And?", "sessionId": session}, headers=headers)
        answers.append((response.status_code, response.json()["type"] if response.status_code != 200 else ""))
        if len(answers) == 11:
            gate.open()

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            # With a key, the turn is in the database before it is a run, so that one without can come in between.
            tasks.start_soon(ask, {"Idempotency-Key": f"key {number}"} if number % 2 else {})
    assert sorted(answers) == [(200, ""), *[(409, "urn:playground:problem:turn_running")] * 11]
    assert len(scripted.asked(model)) == 2
    turns = (await user.session(session))["turns"]
    assert [(turn["turn"], turn["answers"][0]["text"]) for turn in turns] == [(1, "Yes."), (2, "Yes.")]


async def test_a_turn_that_another_process_started_too_gets_the_next_number(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.database)
    first = turn_of(user, "first")
    [lane] = first.lanes
    portal.call(repository.open_turn, first)
    second = replace(first, turn_id=new_id(), run_id=new_run_id(), idempotency_key=None, lanes=(replace(lane, answer_id=new_id()),))
    with pytest.raises(TurnRefused) as refused:
        portal.call(repository.open_turn, second)
    assert not isinstance(refused.value, TurnOrphaned)
    for _ in range(2):  # As often as one likes.
        portal.call(lambda: repository.open_turn(second, as_next=True))
    assert [turn["turn"] for turn in (await user.session(first.session_id))["turns"]] == [1, 2]


async def test_no_turn_starts_while_the_last_one_may_be_running_elsewhere(user: User, service: RunningService, portal: BlockingPortal):
    elsewhere = turn_of(user, "elsewhere")
    portal.call(SessionRepository(service.database).open_turn, elsewhere)
    response = await user.http.post("/playground/stream", json={"prompt": "And?", "sessionId": elsewhere.session_id})
    assert (response.status_code, response.json()["type"]) == (409, "urn:playground:problem:turn_running")
    portal.call(SessionRepository(service.database).close_turn, elsewhere, [])
    events = await user.http.post("/playground/stream", json={"prompt": "And?", "sessionId": elsewhere.session_id})
    assert events.status_code == 200


async def test_an_endless_answer_is_cut_off(user: User, scripted: ScriptedProvider):
    async def floods(exchange: Exchange) -> None:
        await exchange.begin()
        for _ in range(50):
            await exchange.write("no end " * 20_000)
        await exchange.until_client_leaves()

    events = await user.compare("Hi", [scripted.model(floods), "sim/quick"])
    assert [error["code"] for error in of_type(events, "error")] == ["unexpected_answer"]
    failed, healthy = (await user.session(events[0].data["sessionId"]))["turns"][0]["answers"]
    assert failed["status"] == "failed"
    assert len(failed["text"]) == 4 * 1024 * 1024
    assert failed["estimated"]
    assert healthy["status"] == "completed"
