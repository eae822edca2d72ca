"""Every call that a provider may have charged leaves a row, whatever is deleted later."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.plan import AnswerRecord, Bill
from playground.comparison.recording.rows import TurnRow
from playground.comparison.repository import SessionRepository
from playground.kit.ids import new_id
from playground.ledger.charges.statements import KEEP_CHARGES
from playground.serving.server import RunningService

from ..comparison.test_key_taken import turn_of
from ..support.client import PASSWORD, User, next_event
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Query


def charges(query: Query, user: User) -> list[dict[str, Any]]:
    rows = query(
        "SELECT to_jsonb(charges) || jsonb_build_object('cost', cost::text) AS charge FROM charges WHERE user_id = $1 ORDER BY id",
        user.account["id"],
    )
    return [row["charge"] for row in rows]


async def writes(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("One")
    await exchange.end(1_000, 500)


async def refuses(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": "No."}})


async def test_each_answer_leaves_a_charge_with_its_prices(user: User, scripted: ScriptedProvider, query: Query):
    models = [scripted.model(writes), scripted.model(refuses), scripted.model(writes, priced=False), "sim/quick"]
    events = await user.compare("Hi", models, maxTokens=3)

    session = await user.session(events[0].data["sessionId"])
    found = {row["model"]: row for row in charges(query, user)}
    assert found.keys() == set(models)
    paid, refused, unpriced, simulated = (found[model] for model in models)
    assert (paid["provider"], paid["status"], paid["is_answer"], paid["attempt"]) == ("scripted", "completed", True, 1)
    assert (paid["input_tokens"], paid["output_tokens"], Decimal(paid["cost"])) == (1_000, 500, Decimal("0.002"))
    assert (paid["cost_source"], paid["prices"]) == ("list", {"from": "operator", "input": "1", "output": "2"})
    assert (paid["session_id"], paid["run_id"], paid["api_key_id"]) == (session["id"], events[0].run_id, None)
    assert (refused["status"], refused["error_code"], refused["input_tokens"], Decimal(refused["cost"])) == (
        "failed",
        "wrong_key",
        0,
        0,
    )
    assert (unpriced["cost"], unpriced["prices"]) == (None, None)
    assert (simulated["simulated"], paid["simulated"]) == (True, False)
    assert [row["first_of_run"] for row in (paid, refused, unpriced, simulated)] == [True, False, False, False]
    assert [row["first_of_provider"] for row in (paid, refused, unpriced, simulated)] == [True, False, False, True]


async def test_an_attempt_that_the_provider_accepted_is_a_charge_of_its_own(user: User, scripted: ScriptedProvider, query: Query):
    async def fails_once(exchange: Exchange) -> None:
        await exchange.begin()
        if len(scripted.asked(model)) == 1:
            await exchange.event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 0}})
            await exchange.event({"error": {"message": "Overloaded.", "code": 503}})
        else:
            await exchange.write("Here I am.")
            await exchange.end(3, 4)

    model = scripted.model(fails_once)
    await user.compare("Hi", [model])

    answer, attempt = charges(query, user)
    assert (attempt["id"], attempt["answer_id"]) == (f"{answer['id']}-1", answer["id"])
    assert (attempt["attempt"], attempt["is_answer"], attempt["status"], attempt["input_tokens"]) == (1, False, "failed", 7)
    assert attempt["error_code"] is not None
    assert (answer["attempt"], answer["is_answer"], answer["input_tokens"], answer["output_tokens"]) == (2, True, 3, 4)
    assert Decimal(attempt["cost"]) + Decimal(answer["cost"]) == Decimal("0.000018")
    [kept] = query("SELECT cost FROM answers WHERE id = $1", answer["id"])
    assert Decimal(kept["cost"]) == Decimal("0.000018")


async def test_charges_stay_when_the_session_and_the_user_are_deleted(user: User, scripted: ScriptedProvider, query: Query):
    events = await user.compare("Hi", [scripted.model(writes)])
    before = charges(query, user)
    assert len(before) == 1

    assert (await user.http.delete(f"/playground/sessions/{events[0].data['sessionId']}?permanently=true")).status_code == 204
    assert charges(query, user) == before
    response = await user.http.request("DELETE", "/users/me", json={"password": PASSWORD})
    assert response.status_code == 204, response.text
    assert charges(query, user) == before
    assert not query("SELECT id FROM users WHERE id = $1", user.account["id"])


async def test_a_run_whose_session_is_deleted_meanwhile_is_charged(user: User, scripted: ScriptedProvider, query: Query):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("One")
        await gate.wait()
        await exchange.end(1_000, 500)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        await user.session(session_id)
        await user.http.delete(f"/playground/sessions/{session_id}?permanently=true")
        gate.open()
        await next_event(events, "done")
    [charge] = charges(query, user)
    assert (charge["session_id"], charge["answer_id"]) == (session_id, charge["id"])
    assert not query("SELECT id FROM answers WHERE id = $1", charge["id"])


async def test_the_key_of_a_request_is_in_its_charges(user: User, scripted: ScriptedProvider, query: Query):
    response = await user.http.post("/users/me/api-keys", json={"name": "Bench", "scopes": ["stream"]})
    assert response.status_code == 201, response.text
    key = response.json()
    async with httpx.AsyncClient(base_url=user.http.base_url, headers={"X-API-Key": key["key"]}) as http:
        await http.post("/playground/stream", json={"prompt": "Hi", "models": [scripted.model(writes)]})
    assert [charge["api_key_id"] for charge in charges(query, user)] == [key["id"]]


@pytest.fixture
def sessions(service: RunningService) -> SessionRepository:
    return SessionRepository(service.database, closing_also=KEEP_CHARGES)


def answers(turn: TurnRow, tokens: int = 1) -> list[AnswerRecord]:
    bill = Bill(tokens, 2, None, None, False, Decimal("0.5"), "list")
    return [AnswerRecord(lane.answer_id, "completed", "", "", None, None, bill, None, 1, turn.created_at) for lane in turn.lanes]


async def test_a_repeated_batch_adds_nothing(user: User, sessions: SessionRepository, portal: BlockingPortal, query: Query):
    turn = turn_of(user, new_id())
    portal.call(sessions.open_turn, turn)
    portal.call(sessions.close_turn, turn, answers(turn))
    before = charges(query, user)
    portal.call(sessions.close_turn, turn, answers(turn, tokens=9))
    assert charges(query, user) == before
    assert {charge["id"] for charge in before} == {lane.answer_id for lane in turn.lanes}
