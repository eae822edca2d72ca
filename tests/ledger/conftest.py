"""Statements on the service's database, and an administrator."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from playground.database.generated import Prisma
from playground.serving.server import RunningService

from ..support.client import User

Sql = Callable[..., int]
Query = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def sql(service: RunningService, portal: BlockingPortal) -> Sql:
    """Run a statement; return how many rows it changed."""

    def execute(statement: str, *parameters: Any) -> int:
        async def write(prisma: Prisma) -> int:
            return await prisma.execute_raw(statement, *parameters)

        return portal.call(service.database.run, write)

    return execute


@pytest.fixture(scope="session")
def query(service: RunningService, portal: BlockingPortal) -> Query:
    """Return the rows of a statement."""

    def read(statement: str, *parameters: Any) -> list[dict[str, Any]]:
        async def rows(prisma: Prisma) -> list[dict[str, Any]]:
            return await prisma.query_raw(statement, *parameters)

        return portal.call(service.database.run, rows)

    return read


@pytest.fixture
async def administrator(service: RunningService, portal: BlockingPortal, user: User, sql: Sql) -> User:
    sql("UPDATE users SET role = 'admin' WHERE id = $1", user.account["id"])
    portal.call(service.announcements.announce, "user", user.account["id"])
    return user
