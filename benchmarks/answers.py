"""A minimal client for one request and its answer: counts tokens, and records when the first arrives.

Everything goes over plain HTTP/1.1 to this machine. The relay's answers are OpenAI's chunks, the service's are its events:
in both, a token of the benchmark's provider is `"content":" ` and its text.
"""

import asyncio
import re
import time
from typing import cast

import anyio

_TOKEN = b'"content":" '
_FIRST = re.compile(rb'"content":" (\d+)/(\d+)"')


class BadAnswer(Exception):
    """A server didn't respond with a stream of the expected tokens."""


class Answer(asyncio.Protocol):
    """Sends `request` on demand and reads the answer, which should have `tokens` tokens."""

    def __init__(self, request: bytes, tokens: int) -> None:
        self.opened = anyio.Event()
        """The first token came."""
        self.received = anyio.Event()
        """All tokens came."""
        self.ended = anyio.Event()
        """The answer is over, or the connection."""
        self.tokens = 0
        self.reads = 0
        self.added_ms: float | None = None
        """Time to the first token, without what the provider took for it."""
        self._request = request
        self._expected = tokens
        self._sent_at = 0
        self._in_head = True
        self._rest = b""
        self._left = 0
        self._tail = b""
        self._beginning = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        # uvloop's transports derive from none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        """Send the request."""
        self._sent_at = time.monotonic_ns()
        if self._transport is not None:
            self._transport.write(self._request)

    def check(self) -> None:
        """Raises `BadAnswer` unless the answer is whole."""
        if self.tokens != self._expected or self.added_ms is None:
            raise BadAnswer(f"an answer has {self.tokens} of {self._expected} tokens; it begins with {self._beginning[:500]!r}")

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        now = 0 if self.opened.is_set() else time.monotonic_ns()
        self.reads += 1
        body = self._body_in(data)
        if now:
            self._look_for_first(body, now)
        seen = self._tail + body
        self.tokens += seen.count(_TOKEN)
        self._tail = seen[1 - len(_TOKEN) :]
        if self.tokens >= self._expected and not self.received.is_set():
            self.received.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The connection is over, and so is the answer."""
        for event in (self.opened, self.received, self.ended):
            event.set()

    def _look_for_first(self, body: bytes, now: int) -> None:
        self._beginning += body
        first = _FIRST.search(self._beginning)
        if first is not None:
            provider_ns = int(first[2]) - int(first[1])
            self.added_ms = (now - self._sent_at - provider_ns) / 1e6
            self.opened.set()

    def _body_in(self, data: bytes) -> bytes:
        """Return the body in `data`, without the head and the chunk framing (RFC 9112, 7.1)."""
        buffer = self._rest + data
        place = 0
        if self._in_head:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._rest = buffer
                return b""
            if not buffer.startswith(b"HTTP/1.1 200"):
                self._beginning = buffer
                self.connection_lost(None)
            self._in_head = False
            place = end + 4
        parts = []
        while place < len(buffer):
            if self._left:
                part = buffer[place : place + self._left]
                parts.append(part)
                self._left -= len(part)
                place += len(part)
                continue
            end = buffer.find(b"\r\n", place)
            if end < 0:
                break
            if end > place:  # An empty line is the end of the chunk before.
                self._left = int(buffer[place:end], 16)
                if self._left == 0:
                    self._close()
                    break
            place = end + 2
        self._rest = buffer[place:]
        return b"".join(parts)

    def _close(self) -> None:
        self.ended.set()
        if self._transport is not None:
            self._transport.close()


async def connect(port: int, request: bytes, tokens: int) -> Answer:
    """A connection on which nothing was sent yet."""
    _, answer = await asyncio.get_running_loop().create_connection(lambda: Answer(request, tokens), "127.0.0.1", port)
    return answer
