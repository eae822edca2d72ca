"""The bytes of an answer as they arrive, delivered by callbacks.

Awaiting aiohttp's reader costs a future per read, and a step of the task through all nested coroutines, with the memory that they access: a
fifth of the cost of a chunk that arrives alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from aiohttp import StreamReader

from .aiohttp_internals import begin_hearing, can_be_heard, end_hearing, transport_of

Body = AsyncIterator[bytes] | StreamReader
"""The body of a response: aiohttp's reader if possible."""
_MOST_UNSEEN = 64 * 1024
"""The most bytes of one answer that are parsed in one iteration of the event loop. A flooding server is not read faster, so that it
doesn't block others."""

Heard = Callable[[bytes], bool]
"""Receives the data of a read, and returns whether that is enough. It is called during the read and must not block."""


async def hear(body: Body, heard: Heard) -> None:
    """Call `heard` for each read of `body`, until it returns true or nothing more arrives.

    Raises the errors of the connection and of `heard`.
    """
    if isinstance(body, StreamReader) and can_be_heard(body):
        await _Arrivals(body, heard).end()
        return
    async for data in rest_of(body):
        # A compressed answer may inflate to any size without waiting for anything.
        for start in range(0, len(data), _MOST_UNSEEN):
            if heard(data[start : start + _MOST_UNSEEN]):
                return
            await asyncio.sleep(0)


def rest_of(body: Body) -> AsyncIterator[bytes]:
    """Return the data that has not been read yet."""
    return body.iter_any() if isinstance(body, StreamReader) else body


class _Arrivals:
    """A `Hearer`, which takes the place of the future that aiohttp's reader keeps for a waiting task.

    Everything from one read of the socket is processed together, after all of it was parsed: `call_soon` is what a future would use too.
    """

    __slots__ = ("_body", "_end", "_heard", "_is_over", "_paused", "_unseen", "loop", "pieces")

    def __init__(self, body: StreamReader, heard: Heard) -> None:
        self._body = body
        self._heard = heard
        self.loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self.loop.create_future()
        self.pieces: list[bytes] = []
        """Data that arrived and has not been processed yet."""
        self._unseen = 0
        self._paused = False
        self._is_over = True  # As far as is known before the first call.

    async def end(self) -> None:
        """Wait until nothing more has to be delivered."""
        body = self._body
        begin_hearing(body, self)
        self.look()
        try:
            await self._end
        finally:
            end_hearing(body)
            self._resume()

    def more(self, size: int) -> None:
        """Another piece of that many bytes arrived before the last one was processed."""
        self._unseen += size
        if self._unseen > _MOST_UNSEEN and not self._paused:
            transport = transport_of(self._body)
            if transport is not None:
                self._paused = True
                transport.pause_reading()

    def _resume(self) -> None:
        transport = transport_of(self._body)
        if self._paused and transport is not None:
            transport.resume_reading()
        self._paused = False

    def done(self) -> bool:
        """Like that of a future."""
        return self._end.done()

    def set_result(self, _: None) -> None:
        """Like that of a future: the end was reached."""
        self._is_over = True
        self.loop.call_soon(self.look)

    def set_exception(self, _: BaseException) -> None:
        """Like that of a future: the connection failed, which the reader also knows."""
        self._is_over = True
        self.loop.call_soon(self.look)

    def look(self) -> None:
        """Deliver the data, and whether it is the end."""
        if self._end.done():
            return
        pieces = self.pieces
        try:
            if pieces:
                data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                pieces.clear()
                self._unseen = 0
                if self._paused:
                    # After all others had their turn.
                    self.loop.call_soon(self._resume)
                if data and self._heard(data):
                    self._end.set_result(None)
                    return
            if self._is_over:
                self._look_for_end()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the end
            self._end.set_exception(error)

    def _look_for_end(self) -> None:
        self._is_over = False
        failure = self._body.exception()
        if failure is not None:
            self._end.set_exception(failure)
        elif self._body.is_eof():
            self._end.set_result(None)
