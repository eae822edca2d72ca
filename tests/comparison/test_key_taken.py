"""An idempotency key that another process took in the meantime."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.records import LaneRow, TurnRefused, TurnRow
from playground.comparison.repository import SessionRepository
from playground.ids import new_id, new_run_id
from playground.server import RunningService
from tests.support.client import User


def turn_of(user: User, key: str) -> TurnRow:
    lane = LaneRow(new_id(), 0, "sim", "sim/quick", {"maxTokens": 3}, True, new_id(), ())
    now = datetime.now(UTC)
    return TurnRow(new_run_id(), new_id(), new_id(), 1, user.account["id"], "Title", "Prompt", now, True, key, "hash", (lane,))


async def test_the_second_turn_with_a_key_is_refused_and_leaves_nothing(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.services.database)
    first, second = turn_of(user, "taken"), turn_of(user, "taken")
    portal.call(repository.open_turn, first)
    with pytest.raises(TurnRefused):
        portal.call(repository.open_turn, second)
    sessions = (await user.http.get("/playground/sessions")).json()["items"]
    assert [session["id"] for session in sessions] == [first.session_id]


async def test_the_same_turn_may_be_opened_again(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.services.database)
    turn = turn_of(user, "again")
    portal.call(repository.open_turn, turn)
    portal.call(repository.open_turn, turn)
    portal.call(repository.close_turn, turn, [])
    assert len((await user.http.get("/playground/sessions")).json()["items"]) == 1


async def test_a_turn_of_an_account_that_is_gone_is_refused(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.services.database)
    with pytest.raises(TurnRefused):
        portal.call(repository.open_turn, replace(turn_of(user, "gone"), user_id="nobody"))
