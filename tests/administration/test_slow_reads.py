"""Lists and reports that the database takes too long for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from playground.administration.audit_trail import repository as trail
from playground.administration.statistics import repository as statistics
from playground.administration.users import repository as users
from playground.comparison import repository as sessions
from playground.ledger.reports import repository as reports
from playground.serving.server import RunningService

from ..support.client import User


@pytest.fixture
async def stuck(service: RunningService, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """No read of these tables comes to an end before its time is up."""
    for module, name in (
        (sessions, "LIST_SECONDS"),
        (users, "LIST_SECONDS"),
        (trail, "LIST_SECONDS"),
        (reports, "REPORT_SECONDS"),
        (statistics, "REPORT_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.05)

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        async with service.database._running_engine().client.tx(timeout=timedelta(minutes=1)) as transaction:
            await transaction.execute_raw("LOCK TABLE sessions, turns, answers, audit_events")
            yield

    with portal.wrap_async_context_manager(locked()):
        yield


@pytest.mark.usefixtures("stuck")
@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/playground/sessions", "`from`"),
        ("/playground/sessions?q=x", "longer words"),
        ("/playground/sessions/export", "`from`"),
        ("/reports/costs", "shorter period"),
        ("/reports/costs?scope=all&groupBy=user", "shorter period"),
        ("/admin/stats", "shorter period"),
        ("/admin/users?q=a", "`role`"),
        ("/admin/audit", "`actor`"),
    ],
)
async def test_a_read_that_takes_too_long_gives_advice(admin: User, path: str, hint: str) -> None:
    with anyio.fail_after(30):
        response = await admin.http.get(path)

    assert response.status_code == 503
    problem = response.json()
    assert problem["type"] == "urn:playground:problem:too_slow"
    assert hint in problem["detail"]
