"""A service with the default limits. It trusts this machine as a proxy, so that every test can have addresses of its own."""

import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from jose import jwt

from playground.database.generated import Prisma
from playground.kit import logs
from playground.kit.ids import new_id
from playground.limits.policy import LimitOverrides
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User
from ..support.folders import NewDataDir
from ..support.scripted import Exchange, Gate, Script

_numbers = itertools.count()


def new_address() -> str:
    """One that no test has asked from yet."""
    number = next(_numbers)
    return f"198.18.{number // 250}.{number % 250 + 1}"


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


Start = Callable[..., AbstractAsyncContextManager[RunningService]]


@pytest.fixture(scope="session")
def limited_settings(new_data_dir: NewDataDir, providers_file: Path) -> Settings:
    return Settings(
        data_dir=new_data_dir(),
        port=0,
        providers_file=providers_file,
        sim_words_per_second=2_000,
        sim_first_token_ms=5,
        log_level="warning",
        shutdown_grace_seconds=0,
        trusted_proxies=("127.0.0.1",),
        _env_file=None,
    )


@dataclass
class Limited:
    """A service with limits, and its database."""

    service: RunningService
    portal: BlockingPortal

    @property
    def url(self) -> str:
        return self.service.url

    def query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        return self.run(lambda prisma: prisma.query_raw(sql, *parameters))

    def execute(self, sql: str, *parameters: object) -> int:
        return self.run(lambda prisma: prisma.execute_raw(sql, *parameters))

    def run(self, operation: Callable[[Prisma], Awaitable[Any]]) -> Any:
        return self.portal.call(self.service.database.run, operation)

    def set_limits(self, user_id: str, **limits: Any) -> None:
        """As an administrator does, by the names on the wire."""
        own = LimitOverrides.model_validate(limits)
        self.execute("UPDATE users SET limits = $2::jsonb WHERE id = $1", user_id, json.dumps(own.stored()))
        self.portal.call(self.service.announcements.announce, "user", user_id)

    @asynccontextmanager
    async def user(self, role: str = "user", **limits: Any) -> AsyncIterator[User]:
        """A new user at a new address, logged in, with limits of their own where some are given.

        Made past the service: to register costs a third of a second, for a password that no test here needs.
        """
        user_id, login_id = new_id(), new_id()
        own = json.dumps(LimitOverrides.model_validate(limits).stored())
        self.execute(
            'INSERT INTO users (id, name, role, limits, updated_at) VALUES ($1, $1, $2::"Role", $3::jsonb, now())', user_id, role, own
        )
        self.execute(
            "INSERT INTO logins (id, user_id, refresh_id, expires_at) VALUES ($1, $2, '', now() + interval '1 hour')", login_id, user_id
        )
        async with httpx.AsyncClient(base_url=self.url, timeout=60, headers=from_address(new_address())) as http:
            yield User(http, {"accessToken": self._token(user_id, login_id), "refreshToken": "", "user": {"id": user_id}})

    def _token(self, user_id: str, login_id: str) -> str:
        now = int(time.time())
        claims = {"sub": user_id, "sid": login_id, "iss": "playground", "aud": "playground:access", "jti": new_id(), "iat": now}
        return jwt.encode(claims | {"exp": now + 900}, self.service.settings.signing_secrets()[0], algorithm="HS256")


@contextmanager
def limited_service(portal: BlockingPortal, settings: Settings) -> Iterator[Limited]:
    with portal.wrap_async_context_manager(running(settings)) as service:
        yield Limited(service, portal)


@pytest.fixture(scope="session")
def limited(portal: BlockingPortal, limited_settings: Settings) -> Iterator[Limited]:
    logs.configure(limited_settings)
    with limited_service(portal, limited_settings) as limited:
        yield limited


@pytest.fixture(scope="session")
def replica(portal: BlockingPortal, limited: Limited, limited_settings: Settings) -> Iterator[Limited]:
    """Another service on the same database, which trusts no proxy."""
    with limited_service(portal, limited_settings.model_copy(update={"trusted_proxies": ()})) as replica:
        yield replica


@pytest.fixture
async def user(limited: Limited) -> AsyncIterator[User]:
    """Somebody with the default limits."""
    async with limited.user() as user:
        yield user


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def answering(prompt_tokens: int, completion_tokens: int, gate: Gate | None = None) -> Script:
    """Answers, after `gate` was opened, and says that it took so many tokens."""

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("An ")
        if gate is not None:
            await gate.wait()
        await exchange.write("answer.")
        await exchange.end(prompt_tokens, completion_tokens)

    return answer


async def usage_of(user: User) -> dict[str, Any]:
    response = await user.http.get("/users/me/usage")
    assert response.status_code == 200, response.text
    usage: dict[str, Any] = response.json()
    return usage


async def all_at_once(requests: Sequence[Callable[[], Awaitable[httpx.Response]]]) -> list[httpx.Response]:
    """The answers to requests that are under way at the same time."""
    responses: list[httpx.Response] = []

    async def ask(request: Callable[[], Awaitable[httpx.Response]]) -> None:
        responses.append(await request())

    async with anyio.create_task_group() as tasks:
        for request in requests:
            tasks.start_soon(ask, request)
    return responses


def statuses(responses: Sequence[httpx.Response]) -> dict[int, int]:
    """How many there are of each."""
    return {status: sum(response.status_code == status for response in responses) for status in {r.status_code for r in responses}}


def reported_limits(response: httpx.Response) -> dict[str, tuple[int, int, int, int]]:
    """What an answer tells of limits, by their names: q, w, r, t."""

    def items(name: str) -> dict[str, dict[str, int]]:
        found = {}
        for item in response.headers[name].split(", "):
            key, *parameters = item.split(";")
            found[key.strip('"')] = {each.partition("=")[0]: int(each.partition("=")[2]) for each in parameters}
        return found

    policies, states = items("RateLimit-Policy"), items("RateLimit")
    assert list(policies) == list(states)
    return {name: (policy["q"], policy["w"], states[name]["r"], states[name]["t"]) for name, policy in policies.items()}


async def settled_usage_of(user: User) -> dict[str, Any]:
    """What a user has used, once all of their runs are settled: on a busy machine that may be after their last event."""
    while (usage := await usage_of(user))["monthlyTokens"]["reserved"]:
        await anyio.lowlevel.checkpoint()
    return usage
