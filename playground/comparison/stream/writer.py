"""Sends the events of a log to one reader's connection."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.types import Send

from .event_log import EventLog
from .write_rounds import WriteRounds

_WRITE_LIMIT = 64 * 1024
"""Bytes of text per write: as much as the server buffers before it waits for the reader."""
_OPENING = b"retry: 1000\n"
"""Part of the first message: an `EventSource` that loses its connection reconnects after a second."""
_PING_SECONDS = 15.0
_PING = b": ping\n\n"
"""A comment, so that proxies don't close the connection while a model is silent."""


class Writer:
    """Sends new events whenever the log has some.

    A task that waits for events would cost a future and an event loop iteration per message. Instead, the log calls `_on_news`, which sends
    urgent events immediately and leaves others to the next write round. Only while the connection accepts no more data, `run` waits.
    """

    __slots__ = (
        "_after",
        "_blocked",
        "_due",
        "_failure",
        "_log",
        "_loop",
        "_opening",
        "_over",
        "_ping_timer",
        "_rounds",
        "_send",
        "_send_timeout",
        "_waiting",
        "_wrote_at",
        "reader_left",
    )

    def __init__(self, log: EventLog, after: int, send: Send, rounds: WriteRounds, send_timeout: float) -> None:
        self.reader_left = False
        """The reader has disconnected."""
        self._log = log
        self._after = after
        self._send = send
        self._rounds = rounds
        self._send_timeout = send_timeout
        self._loop = asyncio.get_running_loop()
        self._opening = _OPENING
        self._wrote_at = 0.0
        self._due = False
        self._blocked: _Begun | None = None
        self._failure: Exception | None = None
        self._over = False
        self._waiting: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Send events until the log ends or the reader disconnects. Raises `TimeoutError` if the connection is blocked for too long."""

        self._ping_timer = self._loop.call_later(_PING_SECONDS, self._keep_alive)
        self._log.add_listener(self._on_news)
        try:
            self.write()
            while not (self._over or self.reader_left):
                if self._blocked is None:
                    self._waiting = self._loop.create_future()
                    await self._waiting
                    continue
                async with asyncio.timeout(self._send_timeout):
                    await self._blocked
                self._blocked = None
                self.write()
            if self._failure is not None:
                raise self._failure
        finally:
            self._over = True
            self._log.remove_listener(self._on_news)
            self._ping_timer.cancel()
            if self._blocked is not None:
                self._blocked.close()

    def leave(self) -> None:
        """Make `run` return, because the reader has disconnected."""
        self.reader_left = True
        self._wake()

    def _on_news(self, *, urgent: bool) -> None:
        if urgent:
            self.write()
        elif not self._due:
            self._due = True
            self._rounds.add(self)

    def write(self) -> None:
        """Send all new events, as long as the connection accepts data."""
        self._due = False
        if self._blocked is not None or self._over:
            return
        newest = False
        while not (newest or self._over) and self._blocked is None:
            messages, self._after, newest = self._log.read(self._after, _WRITE_LIMIT)
            if messages:
                self._wrote_at = self._loop.time()
                self._put(self._opening + messages if self._opening else messages)
                self._opening = b""
        if self._log.closed and newest and self._blocked is None:
            self._end()

    def _put(self, body: bytes) -> None:
        sending: Coroutine[Any, Any, None] = self._send({"type": "http.response.body", "body": body, "more_body": True})  # type: ignore[assignment]
        try:
            awaited = sending.send(None)
        except StopIteration:  # The usual case: the connection accepted it.
            return
        except Exception as error:  # noqa: BLE001 - the response raises it; it must not reach the lane that wrote the event
            self._failure = error
            self._end()
        else:
            self._blocked = _Begun(sending, awaited)
            self._wake()

    def _keep_alive(self) -> None:
        now = self._loop.time()
        if now - self._wrote_at >= _PING_SECONDS:
            self._wrote_at = now
            if self._blocked is None:
                self._put(_PING)
        self._ping_timer = self._loop.call_at(self._wrote_at + _PING_SECONDS, self._keep_alive)

    def _end(self) -> None:
        self._over = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Begun:
    """A coroutine that was started outside of a task and ran up to its first wait. Awaiting it runs the rest."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: object) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            try:
                try:
                    value = yield self._awaited
                except BaseException as error:  # noqa: BLE001 - passed on to the coroutine, for example a cancellation
                    self._awaited = self._coroutine.throw(error)
                else:
                    self._awaited = self._coroutine.send(value)
            except StopIteration:
                return

    def close(self) -> None:
        """Close the coroutine without running the rest."""
        self._coroutine.close()
