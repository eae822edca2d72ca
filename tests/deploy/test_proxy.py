"""The proxy's configuration, in a real Caddy: streams pass event by event, and metrics stay inside."""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from playground.files import CHECKOUT
from playground.serving.server import RunningService

from ..support.client import User, new_user, next_event
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider

CADDY = shutil.which("caddy")


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def caddy(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Caddy in front of the service, without TLS; its address."""
    if CADDY is None:
        pytest.skip("there is no Caddy on the PATH (Debian's package caddy)")
    url, home = f"http://{free_address()}", tmp_path_factory.mktemp("caddy")
    variables = {"DOMAIN": url, "PLAYGROUND": service.url, "CADDY_ADMIN": free_address(), "HOME": str(home), "XDG_DATA_HOME": str(home)}
    config: Path = CHECKOUT / "deploy" / "Caddyfile"
    command = [CADDY, "run", "--config", str(config), "--adapter", "caddyfile"]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
async def behind(caddy: str) -> AsyncIterator[User]:
    """A user who reaches the service through the proxy."""

    async def listens() -> bool:
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"{caddy}/health")).status_code == 200
            except httpx.ConnectError:
                return False

    await until(listens)
    async with new_user(caddy) as user:
        yield user


async def test_an_event_passes_while_its_run_goes_on(behind: User, scripted: ScriptedProvider) -> None:
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("first")
        await gate.wait()
        await exchange.write("second")
        await exchange.end(3, 4)

    async with behind.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        first = await next_event(events, "chunk")
        gate.open()
        second = await next_event(events, "chunk")
        await next_event(events, "done")
    assert (first.data["content"], second.data["content"]) == ("first", "second")


async def test_metrics_are_not_served_outside(behind: User) -> None:
    assert (await behind.http.get("/metrics")).status_code == 404
    assert (await behind.http.get("/status")).status_code == 200
