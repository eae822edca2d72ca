"""A service of its own, whose models, prices and administrators tests may change.

Making an account takes a third of a second: `admin`, `premium` and `user` are the same ones in all tests, and nothing of them changes.
`other_user` is a new one.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.database.generated import Prisma
from playground.kit import logs
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User
from ..support.folders import NewDataDir

Sql = Callable[..., list[dict[str, Any]]]
"""Asks the service's database."""
SetModel = Callable[..., Any]
"""Changes the settings of a model until the end of the test."""


@pytest.fixture(scope="session")
def admin_settings(settings: Settings, new_data_dir: NewDataDir) -> Settings:
    return settings.model_copy(update={"data_dir": new_data_dir()})


@pytest.fixture(scope="session")
def service(portal: BlockingPortal, admin_settings: Settings) -> Iterator[RunningService]:
    logs.configure(admin_settings)
    with portal.wrap_async_context_manager(running(admin_settings)) as service:
        yield service


@pytest.fixture(scope="session")
def accounts(service: RunningService) -> dict[str, dict[str, Any]]:
    """By role. The first that registers is the administrator."""
    made: dict[str, dict[str, Any]] = {}
    with httpx.Client(base_url=service.url, timeout=60) as http:
        for role in ("admin", "premium", "user"):
            account = {"email": f"{role}@example.org", "password": PASSWORD, "name": role.title()}
            made[role] = http.post("/auth/register", json=account).raise_for_status().json()
        headers = {"Authorization": f"Bearer {made['admin']['accessToken']}"}
        http.patch(f"/admin/users/{made['premium']['user']['id']}", json={"role": "premium"}, headers=headers).raise_for_status()
    return made


@pytest.fixture(autouse=True)
def _administrator_is_first(accounts: dict[str, dict[str, Any]]) -> None:
    """So that no other account is."""


@pytest.fixture
async def admin(service: RunningService, accounts: dict[str, dict[str, Any]]) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield User(http, accounts["admin"])


@pytest.fixture
async def premium(service: RunningService, accounts: dict[str, dict[str, Any]]) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield User(http, accounts["premium"])


@pytest.fixture
async def user(service: RunningService, accounts: dict[str, dict[str, Any]]) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield User(http, accounts["user"])


@pytest.fixture(scope="session")
def sql(service: RunningService, portal: BlockingPortal) -> Sql:
    def ask(statement: str, *parameters: Any) -> list[dict[str, Any]]:
        async def query(prisma: Prisma) -> list[dict[str, Any]]:
            return await prisma.query_raw(statement, *parameters)

        return portal.call(service.database.run, query)

    return ask


@pytest.fixture
async def set_model(admin: User, service: RunningService, portal: BlockingPortal, sql: Sql) -> AsyncIterator[SetModel]:
    async def change(model: str, **decided: Any) -> dict[str, Any]:
        response = await admin.http.patch(f"/admin/models/{model}", json=decided)
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()
        return result

    yield change
    if sql("DELETE FROM model_settings RETURNING model"):
        portal.call(service.announcements.announce, "models", "all")
