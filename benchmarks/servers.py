"""The provider, the bare relay and the service, and the requests to each."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import anyio
import httpx
import msgspec
from measure import Calls, Cpu, child, memory
from processes import HERE, Server, running_server
from provider import Counts, Script

_MODEL = "gpt-4o-mini"
_PROVIDER_FILE = """
[[provider]]
id = "bench"
base_url = "{url}/v1"
api_key = "bench-key"

[provider.prices."{model}"]
input = 0.15
output = 0.60
"""


class ProviderControl:
    """A client for controlling the provider."""

    def __init__(self, server: Server, http: httpx.AsyncClient) -> None:
        self.server = server
        self._http = http

    async def counts(self) -> Counts:
        """Return what the provider has sent."""
        return msgspec.json.decode((await self._http.get(f"{self.server.url}/counts")).content, type=Counts)

    async def release(self) -> None:
        """Let all waiting answers continue."""
        await self._http.get(f"{self.server.url}/release")


@dataclass(frozen=True, slots=True)
class Usage:
    """The resource usage of a server at a moment."""

    cpu: Cpu
    calls: Calls
    engine_cpu: float
    """CPU seconds of the query engine; 0 without one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under measurement."""

    name: str
    server: Server
    path: str
    token: str | None = None
    engine: int | None = None
    """The process id of the service's query engine."""

    def request(self, script: Script, lanes: int = 1) -> str:
        """Return the HTTP request for an answer by `script`; for the service, with that many lanes."""
        if self.token is None:
            message = {"role": "user", "content": script.prompt()}
            body = {"model": _MODEL, "messages": [message], "stream": True, "stream_options": {"include_usage": True}}
        else:
            body = {"prompt": script.prompt(), "models": [f"bench/{_MODEL}"] * lanes}
        content = json.dumps(body)
        authorization = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n{authorization}"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        )

    def usage(self) -> Usage:
        """Until now."""
        return Usage(Cpu.of(self.server.pid), Calls.of(self.server.pid), Cpu.of(self.engine).total if self.engine else 0.0)

    def memory(self) -> int:
        """Return the memory in bytes, without the query engine and the database."""
        return memory(self.server.pid)


@dataclass(frozen=True, slots=True)
class Servers:
    """All servers of a benchmark."""

    provider: ProviderControl
    relay: Target
    service: Target
    direct: Target

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, profile: Path | None = None) -> AsyncIterator[Self]:
        """Start them, the service with an empty database in `folder`. With `profile` the service samples itself into that file.

        Raises `ProcessFailed`.
        """
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=60, trust_env=False))
            provider = await stack.enter_async_context(running_server("provider", [str(HERE / "provider.py")], folder))
            relay = await stack.enter_async_context(running_server("relay", [str(HERE / "bare_relay.py"), f"{provider.url}/v1"], folder))
            service = await stack.enter_async_context(_service(folder, provider.url, profile))
            yield cls(
                provider=ProviderControl(provider, http),
                relay=Target("relay", relay, "/v1/chat/completions"),
                service=Target(
                    "service", service, "/playground/stream", token=await _register(http, service.url), engine=child(service.pid, "node")
                ),
                direct=Target("direct", provider, "/v1/chat/completions"),
            )


@asynccontextmanager
async def _service(folder: Path, provider_url: str, profile: Path | None) -> AsyncIterator[Server]:
    (folder / "providers.toml").write_text(_PROVIDER_FILE.format(url=provider_url, model=_MODEL), encoding="utf-8")
    program: Sequence[str] = ["-m", "playground"] if profile is None else [str(HERE / "profiled.py"), str(profile)]
    async with running_server(
        "service",
        [*program, "serve"],
        folder,
        PLAYGROUND_DATA_DIR=str(folder / "data"),
        PLAYGROUND_PROVIDERS_FILE=str(folder / "providers.toml"),
        PORT="0",
        LOG_FORMAT="json",
        ACCESS_TOKEN_SECONDS="86400",  # noqa: S106 - how long, not what
        SHUTDOWN_GRACE_SECONDS="0",
        LIMIT_USER_REQUESTS="1000000000 per 15 minutes",  # Counted as usual, but never reached.
        BETWEEN_TOKENS_TIMEOUT_SECONDS="3600",  # Answers wait until all are open.
    ) as server:
        yield server


async def _register(http: httpx.AsyncClient, url: str) -> str:
    """Return an account's access token. Created before measuring, because hashing the password takes 0.3 s of CPU time."""
    account = {"email": "bench@example.org", "password": "correct horse battery staple", "name": "Bench"}
    response = await http.post(f"{url}/auth/register", json=account)
    response.raise_for_status()
    token: str = response.json()["accessToken"]
    await anyio.sleep(1)  # For the service's background work after its start.
    return token
