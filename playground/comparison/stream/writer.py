"""Writes the events of a log to the connection of one reader."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.types import Send

from .event_log import EventLog
from .write_rounds import Pace

_WRITE_LIMIT = 64 * 1024
"""Text in one write to a reader, in bytes: as much as the server buffers before it waits for the reader."""
_OPENING = b"retry: 1000\n"
"""`EventSource` is to come back a second after it lost its connection. Part of the first message."""
_PING_SECONDS = 15.0
_PING = b": ping\n\n"
"""A comment, so that proxies on the way don't take a silent model for a dead connection."""


class Writer:
    """Writes what is new in a log whenever somebody added to it.

    A task of ours that waits for news would cost a future and a turn of the event loop a message. So the log calls `_told`, and what
    is new is sent there where it is urgent, or else when the pace says; only while the connection takes no more, the rest waits in `run`.
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
        "_pace",
        "_ping_timer",
        "_send",
        "_send_timeout",
        "_waiting",
        "_wrote_at",
        "left",
    )

    def __init__(self, log: EventLog, after: int, send: Send, pace: Pace, send_timeout: float) -> None:
        self.left = False
        """The reader is gone."""
        self._log = log
        self._after = after
        self._send = send
        self._pace = pace
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
        """Write until the log is at its end or the reader left. Raises `TimeoutError` when the connection takes nothing for too long."""
        self._ping_timer = self._loop.call_later(_PING_SECONDS, self._keep_alive)
        self._log.listen(self._told)
        try:
            self.write()
            while not (self._over or self.left):
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
            self._log.forget(self._told)
            self._ping_timer.cancel()
            if self._blocked is not None:
                self._blocked.close()

    def leave(self) -> None:
        """The reader is gone: `run` returns."""
        self.left = True
        self._go_on()

    def _told(self, *, urgent: bool) -> None:
        if urgent:
            self.write()
        elif not self._due:
            self._due = True
            self._pace.add(self)

    def write(self) -> None:
        """Send all that is new, as far as the connection takes it."""
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
        except StopIteration:  # The usual case: the connection took it.
            return
        except Exception as error:  # noqa: BLE001 - it is the response's, and must not reach the lane that writes
            self._failure = error
            self._end()
        else:
            self._blocked = _Begun(sending, awaited)
            self._go_on()

    def _keep_alive(self) -> None:
        now = self._loop.time()
        if now - self._wrote_at >= _PING_SECONDS:
            self._wrote_at = now
            if self._blocked is None:
                self._put(_PING)
        self._ping_timer = self._loop.call_at(self._wrote_at + _PING_SECONDS, self._keep_alive)

    def _end(self) -> None:
        self._over = True
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Begun:
    """A coroutine that ran outside of any task, up to its first wait. Awaiting it runs the rest."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: object) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            try:
                try:
                    value = yield self._awaited
                except BaseException as error:  # noqa: BLE001 - a cancellation, for instance: the coroutine is to see it
                    self._awaited = self._coroutine.throw(error)
                else:
                    self._awaited = self._coroutine.send(value)
            except StopIteration:
                return

    def close(self) -> None:
        """Give it up."""
        self._coroutine.close()
