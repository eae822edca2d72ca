"""A provider whose every answer is written by a test: a real HTTP server, one script a model."""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import Any

MOST_MODELS = 1_000
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Gate:
    """Opened and waited for by tests and by scripts, which run in another thread's event loop."""

    def __init__(self) -> None:
        self._opened: Future[None] = Future()

    def open(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    async def wait(self) -> None:
        await asyncio.wrap_future(self._opened)


class Exchange:
    """One request, and the means to answer it."""

    def __init__(self, body: dict[str, Any], key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.body = body
        self.key = key
        """The key that came with it; empty without one."""
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def begin(self) -> None:
        await self.send(STREAM_HEAD)

    async def event(self, payload: dict[str, Any]) -> None:
        await self.send(b"data: " + json.dumps(payload).encode() + b"\n\n")

    async def write(self, *texts: str) -> None:
        """Each text as a chunk."""
        for text in texts:
            await self.event({"choices": [{"index": 0, "delta": {"content": text}}]})

    async def end(self, prompt_tokens: int | None = None, completion_tokens: int | None = None, **usage: Any) -> None:
        await self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if prompt_tokens is not None:
            await self.event({"choices": [], "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, **usage}})
        await self.send(b"data: [DONE]\n\n")

    async def error(self, status: int, body: dict[str, Any], headers: str = "") -> None:
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n{headers}Connection: close"
        await self.send(head.encode() + b"\r\n\r\n" + content)

    async def until_client_leaves(self) -> None:
        with suppress(ConnectionError):
            await self._reader.read()


Script = Callable[[Exchange], Awaitable[None]]


class ScriptedProvider:
    """Scripts by model name. It has no list of models, so that any name is taken."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.keys: dict[str, list[str]] = defaultdict(list)
        self._scripts: dict[str, Script] = {}
        self._numbers = itertools.count()

    def named(self, name: str, script: Script) -> None:
        """Answer by `script` for a model of that name, also to other providers that are at this address."""
        self._scripts[name] = script

    def model(self, script: Script, *, priced: bool = True) -> str:
        """A new model that answers by `script`; its full name. It costs US$ 1 and 2 per million tokens, or nobody knows."""
        number = next(self._numbers)
        assert number < MOST_MODELS
        name = f"m{number}" if priced else f"unpriced{number}"
        self._scripts[name] = script
        return f"scripted/{name}"

    def asked(self, full_name: str) -> list[dict[str, Any]]:
        """The bodies of the requests for a model."""
        return self.requests[full_name.removeprefix("scripted/")]

    def keys_for(self, full_name: str) -> list[str]:
        """The keys that came with the requests for a model, of whichever provider."""
        return self.keys[full_name.partition("/")[2]]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next((int(line.partition(":")[2]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
            body = json.loads(await reader.readexactly(length)) if length else {}
            key = next((line.partition(" Bearer ")[2] for line in head.split("\r\n") if line.lower().startswith("authorization:")), "")
            exchange = Exchange(body, key, reader, writer)
            script = self._scripts.get(body.get("model", ""))
            if script is None:
                await exchange.error(404, {"error": {"message": "There is no such page.", "code": "not_found"}})
            else:
                self.requests[body["model"]].append(body)
                self.keys[body["model"]].append(key)
                await script(exchange)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def scripted_provider() -> AsyncIterator[ScriptedProvider]:
    provider = ScriptedProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield provider
    finally:
        server.close()
