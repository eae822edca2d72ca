"""An idempotency key that another process took in the meantime."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.recording.rows import LaneRow, TurnRefused, TurnRow
from playground.comparison.repository import SessionRepository
from playground.comparison.schemas import StreamRequest
from playground.comparison.service import _hash
from playground.kit.ids import new_id, new_run_id
from playground.serving.server import RunningService

from ..support.client import User, of_type, parse_events


def turn_of(user: User, key: str) -> TurnRow:
    lane = LaneRow(new_id(), 0, "sim", "sim/quick", {"maxTokens": 3}, True, new_id(), ())
    now = datetime.now(UTC)
    return TurnRow(new_run_id(), new_id(), new_id(), 1, user.account["id"], "Title", "Prompt", now, True, key, "hash", (lane,))


async def test_the_second_turn_with_a_key_is_refused_and_leaves_nothing(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.database)
    first, second = turn_of(user, "taken"), turn_of(user, "taken")
    portal.call(repository.open_turn, first)
    with pytest.raises(TurnRefused):
        portal.call(repository.open_turn, second)
    sessions = (await user.http.get("/playground/sessions")).json()["items"]
    assert [session["id"] for session in sessions] == [first.session_id]


async def test_the_same_turn_may_be_opened_again(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.database)
    turn = turn_of(user, "again")
    portal.call(repository.open_turn, turn)
    portal.call(repository.open_turn, turn)
    portal.call(repository.close_turn, turn, [])
    assert len((await user.http.get("/playground/sessions")).json()["items"]) == 1


async def test_a_turn_of_a_deleted_account_is_refused(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.database)
    with pytest.raises(TurnRefused):
        portal.call(repository.open_turn, replace(turn_of(user, "gone"), user_id="nobody"))


async def test_a_turn_lost_with_its_journal_does_not_keep_its_key_forever(user: User, service: RunningService, portal: BlockingPortal):
    body = {"prompt": "Hi", "models": ["sim/quick"]}
    running = replace(turn_of(user, "lost"), request_hash=_hash(StreamRequest.model_validate(body)))
    repository = SessionRepository(service.database)
    portal.call(repository.open_turn, running)
    response = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "lost"})
    assert (response.status_code, response.json()["type"]) == (409, "urn:playground:problem:turn_running")

    portal.call(repository.withdraw_turn, running)
    assert (await user.http.get("/playground/sessions")).json()["items"] == []
    portal.call(repository.open_turn, replace(running, created_at=running.created_at - timedelta(days=2)))
    response = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "lost"})
    assert [status["status"] for status in of_type(parse_events(response.text), "status")] == ["stopped"]
