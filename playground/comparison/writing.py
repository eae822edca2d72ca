"""Writes the events of a log to the connection of one reader."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.types import Send

from .log import EventLog

_WRITE_LIMIT = 64 * 1024
"""Text in one write to a reader, in bytes: as much as the server buffers before it waits for the reader."""
_OPENING = b"retry: 1000\n"
"""`EventSource` is to come back a second after it lost its connection. Part of the first message."""
_PAUSE_SECONDS = 0.005
"""Between two writes, unless something urgent came: sixteen lanes would make a write of every word of each."""
_PING_SECONDS = 15.0
_PING = b": ping\n\n"
"""A comment, so that proxies on the way don't take a silent model for a dead connection."""


class Writer:
    """Writes what is new in a log whenever somebody added to it.

    A task of ours that waits for news would cost a future and a turn of the event loop a message. So the log calls `_write`,
    which sends what is new at once; only while the connection takes no more, the rest of a write waits in `run`.
    """

    __slots__ = (
        "_after",
        "_blocked",
        "_failure",
        "_log",
        "_loop",
        "_opening",
        "_over",
        "_pause",
        "_ping_timer",
        "_send",
        "_send_timeout",
        "_waiting",
        "_wrote_at",
        "left",
    )

    def __init__(self, log: EventLog, after: int, send: Send, send_timeout: float) -> None:
        self.left = False
        """The reader is gone."""
        self._log = log
        self._after = after
        self._send = send
        self._send_timeout = send_timeout
        self._loop = asyncio.get_running_loop()
        self._opening = _OPENING
        self._wrote_at = 0.0
        self._pause: asyncio.TimerHandle | None = None
        self._blocked: _Begun | None = None
        self._failure: Exception | None = None
        self._over = False
        self._waiting: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Write until the log is at its end or the reader left. Raises `TimeoutError` when the connection takes nothing for too long."""
        self._ping_timer = self._loop.call_later(_PING_SECONDS, self._keep_alive)
        self._log.listen(self._write)
        try:
            self._write(urgent=True)
            while not (self._over or self.left):
                if self._blocked is None:
                    self._waiting = self._loop.create_future()
                    await self._waiting
                    continue
                async with asyncio.timeout(self._send_timeout):
                    await self._blocked
                self._blocked = None
                self._write(urgent=True)
            if self._failure is not None:
                raise self._failure
        finally:
            self._log.forget(self._write)
            self._ping_timer.cancel()
            if self._pause is not None:
                self._pause.cancel()
            if self._blocked is not None:
                self._blocked.close()

    def leave(self) -> None:
        """The reader is gone: `run` returns."""
        self.left = True
        self._go_on()

    def _write(self, *, urgent: bool = False) -> None:
        """Send what is new, now or after the pause."""
        if self._blocked is not None or self._over:
            return
        now = self._loop.time()
        if not urgent and now - self._wrote_at < _PAUSE_SECONDS:
            if self._pause is None:
                self._pause = self._loop.call_at(self._wrote_at + _PAUSE_SECONDS, self._write_after_pause)
            return
        newest = False
        while not (newest or self._over) and self._blocked is None:
            messages, self._after, newest = self._log.read(self._after, _WRITE_LIMIT)
            if messages:
                self._wrote_at = now
                self._put(self._opening + messages if self._opening else messages)
                self._opening = b""
        if self._log.closed and newest and self._blocked is None:
            self._end()

    def _write_after_pause(self) -> None:
        self._pause = None
        self._write(urgent=True)

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
