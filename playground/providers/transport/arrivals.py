"""The bytes of an answer as they arrive, read by callbacks.

To await aiohttp's reader costs a future for each read, and a step of the task through every coroutine that waits in another, with all that
these touch in memory: a fifth of what a chunk costs when it comes alone.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from aiohttp import StreamReader

Body = AsyncIterator[bytes] | StreamReader
"""The bytes of an answer: aiohttp's own reader where there is one."""
_PRIVATE = ("_waiter", "_buffer", "_protocol", "_http_chunk_splits")
"""What is used of aiohttp's reader here. Where something of it is missing, the reader is awaited."""

_MOST_UNSEEN = 64 * 1024
"""Bytes of one answer that are taken apart in one turn of the event loop. A server that floods us is read no faster than that, so that it
holds up no other."""

Heard = Callable[[bytes], bool]
"""Is given what a read brought, and says whether that is enough. It is called by whoever receives: it must not wait."""


async def hear(body: Body, heard: Heard) -> None:
    """Call `heard` for each read of `body`, until it has enough or nothing more comes.

    Raises what the connection fails with, and what `heard` raises.
    """
    if type(body) is StreamReader and all(hasattr(body, name) for name in _PRIVATE):
        await _Arrivals(body, heard).end()
        return
    async for data in rest_of(body):
        # A compressed answer may inflate to any size, and does so without waiting for anything.
        for start in range(0, len(data), _MOST_UNSEEN):
            if heard(data[start : start + _MOST_UNSEEN]):
                return
            await asyncio.sleep(0)


def rest_of(body: Body) -> AsyncIterator[bytes]:
    """What has not been read yet."""
    return body.iter_any() if isinstance(body, StreamReader) else body


class _Arrivals:
    """Stands where aiohttp's reader keeps the future of whoever waits for data, which has no public name.

    What comes in one read of the socket is looked at together, after all of it was taken apart: `call_soon` is what a future
    would do as well.
    """

    __slots__ = ("_body", "_end", "_heard", "_is_over", "_paused", "_unseen", "loop", "pieces")

    def __init__(self, body: StreamReader, heard: Heard) -> None:
        self._body = body
        self._heard = heard
        self.loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self.loop.create_future()
        self.pieces: list[bytes] = []
        """What came and was not looked at yet."""
        self._unseen = 0
        self._paused = False
        self._is_over = True  # As far as is known before the first look.

    async def end(self) -> None:
        """Wait until nothing more is to be heard."""
        body = self._body
        # Again and again: to read may make aiohttp's parser go on, which has more then.
        while body._buffer:  # noqa: SLF001 - see above
            self.pieces.append(body.read_nowait())
        body.__class__ = _HandingOn
        body._waiter = self  # type: ignore[assignment]  # noqa: SLF001 - see above
        self.look()
        try:
            await self._end
        finally:
            body._waiter = None  # noqa: SLF001 - see above
            body.__class__ = StreamReader
            if body._http_chunk_splits is None:  # noqa: SLF001 - see above
                # aiohttp counts chunks from their first on, and the end of one may be still to come.
                body._http_chunk_splits = deque()  # noqa: SLF001 - see above
            self._resume()

    def more(self, size: int) -> None:
        """Another piece of that many bytes came, before the last was looked at."""
        self._unseen += size
        transport = self._body._protocol.transport  # noqa: SLF001 - see above
        if self._unseen > _MOST_UNSEEN and not self._paused and transport is not None:
            self._paused = True
            transport.pause_reading()

    def _resume(self) -> None:
        transport = self._body._protocol.transport  # noqa: SLF001 - see above
        if self._paused and transport is not None:
            transport.resume_reading()
        self._paused = False

    def done(self) -> bool:
        """As of a future."""
        return self._end.done()

    def set_result(self, _: None) -> None:
        """As of a future: the end was reached."""
        self._is_over = True
        self.loop.call_soon(self.look)

    def set_exception(self, _: BaseException) -> None:
        """As of a future: the connection failed, which the reader knows too."""
        self._is_over = True
        self.loop.call_soon(self.look)

    def look(self) -> None:
        """Hand on what came, and whether it is over."""
        if self._end.done():
            return
        pieces = self.pieces
        try:
            if pieces:
                data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                pieces.clear()
                self._unseen = 0
                if self._paused:
                    # When all others had their turn.
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


class _HandingOn(StreamReader):
    """What aiohttp's reader is while somebody hears what comes: it keeps nothing, so that nothing has to be counted and taken out again."""

    __slots__ = ()
    _waiter: _Arrivals  # type: ignore[assignment]

    def feed_data(self, data: bytes, size: int = 0) -> bool:  # noqa: ARG002 - aiohttp's signature
        """Called by aiohttp's parser for each piece of the body."""
        waiter = self._waiter
        if not waiter.pieces:
            waiter.loop.call_soon(waiter.look)
        else:
            waiter.more(len(data))
        waiter.pieces.append(data)
        return False

    def begin_http_chunk_receiving(self) -> None:
        """Chunks need not be known."""

    def end_http_chunk_receiving(self) -> None:
        """Chunks need not be known."""
