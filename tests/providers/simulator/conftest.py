"""A running simulator, and ways to ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from simulator_client import BURST, Answer, body, take_apart

from playground.providers.simulator import running_simulator


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    """Of a simulator that writes as fast as it can."""
    async with running_simulator(BURST) as url:
        yield url


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        yield client


@pytest.fixture
def ask(client: httpx.AsyncClient) -> Callable[..., Awaitable[Answer]]:
    """Asks for a stream and reads it to its end."""

    async def ask(model: str, prompt: str | list[dict[str, Any]], **fields: object) -> Answer:
        response = await client.post("/chat/completions", json=body(model, prompt, stream=True, **fields))
        assert response.status_code == 200, response.text
        return take_apart(response.content)

    return ask


@pytest.fixture
def post(client: httpx.AsyncClient) -> Callable[..., Awaitable[httpx.Response]]:
    """Asks without a stream."""

    async def post(model: str, prompt: str | list[dict[str, Any]], **fields: object) -> httpx.Response:
        return await client.post("/chat/completions", json=body(model, prompt, **fields))

    return post
