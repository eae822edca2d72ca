"""What the tests of accounts share."""

import re
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.database.generated import Prisma
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User, new_user
from ..support.process import until

Query = Callable[[Callable[[Prisma], Awaitable[Any]]], Any]
"""Runs a query on the service's database."""


@pytest.fixture(scope="session")
def query(service: RunningService, portal: BlockingPortal) -> Query:
    return lambda operation: portal.call(service.database.run, operation)


@pytest.fixture
async def anonymous(service: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
async def ada(service: RunningService, anyio_backend: str) -> AsyncIterator[User]:
    """A user for all tests of a module that leave the account as it is."""
    async with new_user(service.url) as user:
        yield user


class Outbox:
    """The mails that the service wrote into its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def to(self, address: str) -> list[EmailMessage]:
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(self.folder.glob("*.eml"))]
        return [mail for mail in mails if mail["To"] == address]  # type: ignore[misc]

    async def first_to(self, address: str) -> EmailMessage:
        async def found() -> EmailMessage | None:
            # A file is there a moment before what it holds.
            mails = [mail for mail in self.to(address) if token_in(mail) is not None]
            return mails[0] if mails else None

        return await until(found)

    def modes(self) -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) for path in self.folder.iterdir()}


@pytest.fixture(scope="session")
def outbox(service: RunningService) -> Outbox:
    return Outbox(service.settings.data_dir / "outbox")


def token_in(mail: EmailMessage) -> str | None:
    """The token that stands in a mail, on a line of its own or at the end of a link."""
    found = re.search(r"([\w-]{43})\r?$", str(mail.get_content()), re.MULTILINE)
    return found[1] if found else None


async def log_in(http: httpx.AsyncClient, user: User, password: str = PASSWORD, **headers: str) -> dict[str, Any]:
    """Another login of that user, as on another device."""
    response = await http.post("/auth/login", json={"email": user.account["email"], "password": password}, headers=headers)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['accessToken']}"}


async def holds(http: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    """Whether the access token opens anything."""
    response = await http.get("/auth/verify", headers=bearer(tokens))
    assert response.status_code in (200, 401), response.text
    return response.status_code == 200


async def refreshes(http: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    """Whether the refresh token gives new tokens. It is used by this."""
    return (await http.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})).status_code == 200
