"""The benchmark's provider: speaks OpenAI's protocol, and is cheap enough not to affect the results.

The prompt of a request says how to answer it (`Script`). A gated answer stops after its first token, at `pause`, and before its end,
each time until `POST /release`, so that opening, streaming and closing can be measured separately. `GET /counts` returns what was
sent. Plain sockets on uvloop: every token is a separate `send`, as real providers flush it.
"""

import asyncio
import itertools
import json
import socket
import sys
import time
from contextlib import suppress

import anyio
import msgspec
from anyio.abc import TaskGroup
from chunks import HEAD, ROLE, TOKENS, ending, token

_MODELS = b'{"object":"list","data":[{"id":"gpt-4o-mini","object":"model","created":1721172741,"owned_by":"system"}]}'
_BURST = 50
"""Tokens in a row on one connection before the next one has its turn, if there is no rate."""
_GOLDEN_RATIO = 0.618034


class Script(msgspec.Struct, frozen=True):
    """How to answer a request."""

    tokens: int
    """Number of tokens, including the first."""
    rate: float | None = None
    """Tokens per second; `None`: as fast as they are read."""
    delay: float = 0.0
    """Seconds before the first token."""
    gated: bool = False
    pause: int | None = None
    """With `gated`: the token after which it pauses again."""

    def prompt(self) -> str:
        """Return the prompt that requests this."""
        return msgspec.json.encode(self).decode()


class Counts(msgspec.Struct):
    """What has been sent since the start."""

    tokens: int = 0
    latest: float = 0.0
    """The largest delay of a scheduled token since the last release, in seconds."""


class Provider:
    """Responds on any number of connections."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._counts = Counts()
        self._gate = anyio.Event()
        self._answers = itertools.count()

    async def serve(self, listener: socket.socket) -> None:
        """Accept connections until cancelled."""
        async with anyio.create_task_group() as connections:
            while True:
                connection, _ = await self._loop.sock_accept(listener)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._start(connections, connection)

    def _start(self, connections: TaskGroup, connection: socket.socket) -> None:
        async def serve_and_close() -> None:
            with connection, suppress(ConnectionError):  # The client has disconnected.
                await self._serve_connection(connection)

        connections.start_soon(serve_and_close)

    async def _serve_connection(self, connection: socket.socket) -> None:
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                received += await self._receive(connection)
            head, _, body = received.partition(b"\r\n\r\n")
            while len(body) < (length := _content_length(head)):
                body += await self._receive(connection)
            received = body[length:]
            await self._answer(connection, head.split(b" ", 2)[1], body[:length], time.monotonic_ns())

    async def _receive(self, connection: socket.socket) -> bytes:
        data = await self._loop.sock_recv(connection, 65_536)
        if not data:
            raise ConnectionResetError
        return data

    async def _answer(self, connection: socket.socket, path: bytes, body: bytes, received_at: int) -> None:
        match path:
            case b"/v1/chat/completions":
                script = msgspec.json.decode(json.loads(body)["messages"][-1]["content"], type=Script)
                await self._stream(connection, script, received_at)
            case b"/v1/models":
                await self._loop.sock_sendall(connection, _json(_MODELS))
            case b"/release":
                self._gate.set()
                self._gate = anyio.Event()
                self._counts.latest = 0.0
                await self._loop.sock_sendall(connection, _json(b"{}"))
            case _:
                await self._loop.sock_sendall(connection, _json(msgspec.json.encode(self._counts)))

    async def _stream(self, connection: socket.socket, script: Script, received_at: int) -> None:
        # Evenly over the time between two tokens, so that lanes that start together don't send together.
        phase = next(self._answers) * _GOLDEN_RATIO % 1
        await anyio.sleep(script.delay)
        # The first token's text says how long the provider itself took: both moments, on the clock that the machine's processes share.
        first = token(f"{received_at}/{time.monotonic_ns()}")
        await self._loop.sock_sendall(connection, HEAD + ROLE + first)
        self._counts.tokens += 1
        await self._pass_gate(script)
        sent = 1
        for until in (script.pause, script.tokens):
            if until is not None:
                await self._send(connection, script, until - sent, phase)
                await self._pass_gate(script)
                sent = until
        await self._loop.sock_sendall(connection, ending(script.tokens))

    async def _pass_gate(self, script: Script) -> None:
        if script.gated:
            await self._gate.wait()

    async def _send(self, connection: socket.socket, script: Script, tokens: int, phase: float) -> None:
        if script.rate is None:
            await self._send_at_once(connection, tokens)
        else:
            await self._send_at_rate(connection, tokens, script.rate, phase)

    async def _send_at_once(self, connection: socket.socket, tokens: int) -> None:
        for number in range(tokens):
            await self._loop.sock_sendall(connection, TOKENS[number % len(TOKENS)])
            self._counts.tokens += 1
            if number % _BURST == _BURST - 1:
                await asyncio.sleep(0)

    async def _send_at_rate(self, connection: socket.socket, tokens: int, rate: float, phase: float) -> None:
        start = self._loop.time() + phase / rate
        for number in range(tokens):
            due = start + number / rate
            wait = due - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            else:
                self._counts.latest = max(self._counts.latest, -wait)
            await self._loop.sock_sendall(connection, TOKENS[number % len(TOKENS)])
            self._counts.tokens += 1


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _json(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def _main() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4_096)
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(json.dumps({"event": "listening", "url": url}), file=sys.stderr, flush=True)
        await Provider().serve(listener)


if __name__ == "__main__":
    anyio.run(_main, backend_options={"use_uvloop": True})
