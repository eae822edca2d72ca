"""Everything that is used of aiohttp beyond its documented names, for speed and against servers that violate HTTP.

Read in version 3.14.5 (`READ_IN`). `pyproject.toml` has the upper bound, and a test fails when a name is gone.

| name | used to | without it |
| --- | --- | --- |
| `StreamReader`: `_buffer`, `_http_chunk_splits`, `_protocol`, `_waiter` | read answers by callbacks (`arrivals`) | readers are awaited |
| `BaseConnector._factory` | create connections of our own class, `_Connection` | no connection is used twice |
| `ResponseHandler`: `feed_data`, `is_connected`, `set_exception`, `should_close` | see what a connection receives | aiohttp decides |
| `ResponseHandler._payload` | end a response that became unreadable | its time limit ends it |

`_Connection` prevents three things that aiohttp allows: an unrequested response is used for the next request on its connection, which may
be another user's; interim responses (`100 Continue`) may be endless, and are read as fast as they arrive; and if the chunks of a response
become unreadable, aiohttp keeps waiting for it although its connection was closed.
"""

import asyncio
from collections import deque
from functools import partial
from typing import Any, Protocol

import aiohttp
from aiohttp import StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

READ_IN = "3.14.5"
READER_NAMES = ("_buffer", "_http_chunk_splits", "_protocol", "_waiter")
FACTORY_NAME = "_factory"
PAYLOAD_NAME = "_payload"
_MOST_INTERIM = 16
"""The most interim responses before a response."""


class Connector(aiohttp.TCPConnector):
    """Has the parameters of a `TCPConnector`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - see there
        super().__init__(**options)
        if hasattr(self, FACTORY_NAME):
            setattr(self, FACTORY_NAME, partial(_Connection, loop=asyncio.get_running_loop()))
        else:  # A connection that is used once can't give another user what is left on it.
            options.pop("keepalive_timeout", None)
            super().__init__(**options, force_close=True)


class _Connection(ResponseHandler):
    _interim = 0

    def is_connected(self) -> bool:
        """Called before an idle connection is used for the next request."""
        return super().is_connected() and not self.should_close

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Called with the headers of each response, with its body."""
        message, _ = data
        if self._interim > _MOST_INTERIM:
            return
        if not 100 <= message.code < 200:
            self._interim = 0
        else:
            self._interim += 1
        if self._interim > _MOST_INTERIM:
            self.set_exception(aiohttp.ClientPayloadError("interim answers without end"))
            if self.transport is not None:
                self.transport.abort()
            return
        super().feed_data(data, size)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Called when data can't be parsed."""
        body = getattr(self, PAYLOAD_NAME, None)
        super().set_exception(exc, *cause)
        if isinstance(body, StreamReader) and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(exc)))


class Hearer(Protocol):
    """Takes the place of the future that aiohttp's reader keeps for a waiting task, and receives each piece as it arrives."""

    loop: asyncio.AbstractEventLoop
    pieces: list[bytes]

    def look(self) -> None:
        """Called by the event loop after the first of `pieces` arrived."""

    def more(self, size: int) -> None:
        """Called for each further piece."""

    def done(self) -> bool:
        """Like that of a future."""

    def set_result(self, _: None) -> None:
        """Like that of a future: the end was reached."""

    def set_exception(self, _: BaseException) -> None:
        """Like that of a future: the connection failed, which the reader also knows."""


def can_be_heard(body: object) -> bool:
    """Return whether `body` is a reader of aiohttp whose pieces can be given to a `Hearer`."""
    return type(body) is StreamReader and all(hasattr(body, name) for name in READER_NAMES)


def begin_hearing(body: StreamReader, hearer: Hearer) -> None:
    """Give `hearer` what has arrived already and what will arrive, until `end_hearing`."""
    # Repeated, because reading may make aiohttp's parser continue, which then has more.
    while body._buffer:
        hearer.pieces.append(body.read_nowait())
    body.__class__ = _Heard
    body._waiter = hearer  # type: ignore[assignment]


def end_hearing(body: StreamReader) -> None:
    """Make `body` an ordinary reader again."""
    body._waiter = None
    body.__class__ = StreamReader
    if body._http_chunk_splits is None:
        # aiohttp counts chunks from their start, and the end of one may not have arrived.
        body._http_chunk_splits = deque()


def transport_of(body: StreamReader) -> asyncio.Transport | None:
    """Return the connection of `body`; `None` if it is closed."""
    return body._protocol.transport


class _Heard(StreamReader):
    """The class of aiohttp's reader while its data is delivered: it stores nothing, so nothing has to be counted and removed again."""

    __slots__ = ()
    _waiter: Hearer  # type: ignore[assignment]

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
        """Chunk boundaries don't matter."""

    def end_http_chunk_receiving(self) -> None:
        """Chunk boundaries don't matter."""
