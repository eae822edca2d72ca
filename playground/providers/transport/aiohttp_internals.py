"""aiohttp's connections, for servers that do not keep to HTTP.

Three things that aiohttp lets happen: a second answer that nobody asked for is taken for the answer to the next request on its connection,
which may be another user's; interim answers (`100 Continue`) may come without end, read as fast as they come; and an answer whose chunks
become unreadable is waited for although its connection was closed.
"""

from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

_MOST_INTERIM = 16
"""Interim answers before an answer."""


class Connector(aiohttp.TCPConnector):
    """Takes what a `TCPConnector` takes."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - see there
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(_Connection, loop=self._loop))


class _Connection(ResponseHandler):
    _interim = 0

    def is_connected(self) -> bool:
        """Asked before a connection that nobody uses serves the next request."""
        return super().is_connected() and not self.should_close

    def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
        """Called for the head of each answer, with its body."""
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
        """Called when what came can't be read."""
        body = self._payload
        super().set_exception(exc, *cause)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(exc)))
