"""API keys, those who come with them, and two services over one database and one Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User, new_user
from ..support.folders import NewDataDir
from ..support.redis_server import RedisServer, redis_server

Query = Callable[..., list[dict[str, Any]]]


async def make_key(user: User, **wanted: Any) -> dict[str, Any]:
    """A new API key."""
    response = await user.http.post("/users/me/api-keys", json={"name": "Key", **wanted})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


KEY = "sk-own-0123456789abcdef"
"""Of a user, for a provider."""


async def put(user: User, provider: str, **body: Any) -> dict[str, Any]:
    """Store a key for a provider."""
    response = await user.http.put(f"/users/me/provider-keys/{provider}", json={"key": KEY, **body})
    assert response.status_code == 200, response.text
    stored: dict[str, Any] = response.json()
    return stored


def with_key(user: User, key: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client that holds this key, and nothing else."""
    return httpx.AsyncClient(base_url=user.http.base_url, headers={"X-API-Key": key}, timeout=60)


async def status_with(user: User, key: str, url: str | None = None) -> int:
    """What a service says to somebody with this key."""
    base_url = url if url is not None else user.http.base_url
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as http:
        return (await http.get("/models", params={"limit": 1}, headers={"X-API-Key": key})).status_code


def query_in(portal: BlockingPortal, service: RunningService) -> Query:
    """Asks a service's database."""

    def query(statement: str, *parameters: Any) -> list[dict[str, Any]]:
        run: Callable[[], Awaitable[list[dict[str, Any]]]] = lambda: service.database.run(  # noqa: E731
            lambda prisma: prisma.query_raw(statement, *parameters)
        )
        return portal.call(run)

    return query


@pytest.fixture
def query(portal: BlockingPortal, service: RunningService) -> Query:
    return query_in(portal, service)


@pytest.fixture(scope="module")
async def owner(service: RunningService) -> AsyncIterator[User]:
    """Somebody for tests that leave nothing behind which others would see."""
    async with new_user(service.url) as user:
        yield user


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_settings(settings: Settings, redis: RedisServer, new_data_dir: NewDataDir) -> Settings:
    """Of services that share a database and a Redis. Users' own addresses may lead anywhere."""
    changed = {"data_dir": new_data_dir(), "redis_url": redis.url, "allow_private_provider_urls": True, "log_level": "error"}
    return Settings(**settings.model_dump() | changed, _env_file=None)


@pytest.fixture(scope="session")
def replicas(portal: BlockingPortal, shared_settings: Settings) -> Iterator[list[RunningService]]:
    with (
        portal.wrap_async_context_manager(running(shared_settings)) as first,
        portal.wrap_async_context_manager(running(shared_settings)) as second,
    ):
        yield [first, second]


@pytest.fixture
async def free_user(replicas: list[RunningService]) -> AsyncIterator[User]:
    """Somebody whose own addresses may lead anywhere."""
    async with new_user(replicas[0].url) as user:
        yield user


@pytest.fixture
async def other_free_user(replicas: list[RunningService]) -> AsyncIterator[User]:
    async with new_user(replicas[0].url) as user:
        yield user
