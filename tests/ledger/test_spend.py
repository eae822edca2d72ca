"""What is added up, and what is not yet, come to the same as all charges, at every moment."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from playground.database.generated import Prisma
from playground.ledger.reports import statement
from playground.ledger.spend.repository import SpendRepository
from playground.serving.server import RunningService

from ..support.client import User
from .conftest import Sql
from .test_reports import Made, many, report, write


@pytest.fixture
def spend(service: RunningService) -> SpendRepository:
    return SpendRepository(service.database)


async def from_charges(user: User, monkeypatch: pytest.MonkeyPatch, **query: str) -> dict[str, Any]:
    """The report as it is without anything that was added up."""
    with monkeypatch.context() as patch:
        patch.setattr(statement, "view_of", lambda _query: None)
        return await report(user, scope="all", **query)


GROUPINGS = (
    "hour",
    "day",
    "month",
    "model",
    "provider",
    "user",
    "key",
    "source",
    "tenant",
    "day,model",
    "week,provider,source",
    "user,day",
)
RANGES = (
    {},
    {"from": "2026-03-28T13:07:00Z", "to": "2026-03-30T23:59:59Z"},
    {"from": "2026-03-29T10:20:00Z", "to": "2026-03-29T10:25:00Z"},
)


async def test_reports_of_all_users_are_the_sum_of_all_charges(
    administrator: User, other_user: User, spend: SpendRepository, portal: BlockingPortal, sql: Sql, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(11)
    write(sql, other_user, many(draw, 900))
    portal.call(spend.add_up)
    later = [
        Made(turn=1_000 + number, api_key_id=draw.choice([None, "key"]), created_at=each.created_at)
        for number, each in enumerate(many(draw, 300))
    ]
    write(sql, administrator, later)
    for group_by in GROUPINGS:
        for zone in ("UTC", "Asia/Kathmandu"):
            for between in RANGES:
                query = {"groupBy": group_by, "timezone": zone, **between}
                found = await report(administrator, scope="all", **query)
                assert found == await from_charges(administrator, monkeypatch, **query), query
                assert found["total"]["calls"] == sum(row["calls"] for row in found["rows"])


async def test_views_have_what_they_are_asked_for():
    query = statement.ReportQuery(("model",), "UTC", "u", None, None, None, 10)
    assert statement.view_of(query) == ("days", timedelta(days=1))


async def test_a_charge_that_is_committed_late_is_added_up_once(
    user: User, service: RunningService, spend: SpendRepository, portal: BlockingPortal, sql: Sql
):
    async def interleaved(prisma: Prisma) -> None:
        async with prisma.tx() as transaction:
            await transaction.execute_raw(_COPY, user.account["id"], "late")
            # A younger transaction commits first, and is not passed: the older one is still running.
            await prisma.execute_raw(_COPY, user.account["id"], "early")
            await spend.add_up()
        await spend.add_up()

    write(sql, user, [Made()])
    portal.call(service.database.run, interleaved)
    checked = portal.call(spend.check)
    assert (checked.missing_rows, checked.wrong_rows) == (0, 0)
    assert (await report(user))["total"]["answers"] == 3


_COPY = """
INSERT INTO charges SELECT (jsonb_populate_record(charges, jsonb_build_object(
  'id', charges.id || $2, 'transaction_id', pg_current_xact_id()::text))).*
FROM charges WHERE user_id = $1 AND length(id) = 26
"""


async def test_of_processes_that_add_up_at_once_each_charge_is_added_once(
    user: User, spend: SpendRepository, portal: BlockingPortal, sql: Sql
):
    write(sql, user, many(random.Random(3), 300))

    async def at_once() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(spend.add_up)

    portal.call(at_once)
    checked = portal.call(spend.check)
    assert (checked.missing_rows, checked.wrong_rows) == (0, 0)


async def test_a_database_from_another_postgresql_is_continued(
    administrator: User, spend: SpendRepository, portal: BlockingPortal, sql: Sql, monkeypatch: pytest.MonkeyPatch
):
    """As after a restore: the numbers of its transactions are far ahead of this PostgreSQL's."""
    write(sql, administrator, [Made(turn=1), Made(turn=2)])
    portal.call(spend.add_up)
    sql("UPDATE charges SET transaction_id = (transaction_id::text::bigint + 1000000000)::text::xid8")
    sql("UPDATE ledger_progress SET added_below = (added_below::text::bigint + 1000000000)::text::xid8")

    assert portal.call(spend.renumber_if_restored)
    assert not portal.call(spend.renumber_if_restored)

    write(sql, administrator, [Made(turn=3)])
    assert await report(administrator, scope="all") == await from_charges(administrator, monkeypatch)
    portal.call(spend.add_up)
    checked = portal.call(spend.check)
    assert (checked.missing_rows, checked.wrong_rows, checked.not_added_up) == (0, 0, 0)


async def test_a_wrong_sum_is_found(user: User, spend: SpendRepository, portal: BlockingPortal, sql: Sql):
    write(sql, user, [Made(created_at=datetime(2031, 1, 1, tzinfo=UTC))])
    portal.call(spend.add_up)
    wrong = "UPDATE spend SET cost = cost + $1::numeric WHERE view = 'times' AND at = '2031-01-01T00:00:00Z'"
    sql(wrong, "0.000000000001")
    checked = portal.call(spend.check)
    assert (checked.missing_rows, checked.wrong_rows, checked.passed) == (1, 1, False)
    sql(wrong, "-0.000000000001")
    assert portal.call(spend.check).wrong_rows == 0


async def test_a_copied_session_is_not_charged_again(user: User, spend: SpendRepository, portal: BlockingPortal):
    events = await user.compare("Hi", ["sim/quick"], maxTokens=3)
    session = await user.session(events[0].data["sessionId"])
    answer_id = session["turns"][0]["answers"][0]["id"]
    before = portal.call(spend.check)
    copied = await user.http.post(f"/playground/sessions/{session['id']}/fork", json={"answerId": answer_id})
    assert copied.status_code == 201, copied.text
    after = portal.call(spend.check)
    assert (after.charges, after.answers_without_charge) == (before.charges, before.answers_without_charge)
