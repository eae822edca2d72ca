"""aiohttp's connections, protected against servers that violate HTTP.

aiohttp allows three things: an unrequested response is used for the next request on its connection, which may be another user's; interim
responses (`100 Continue`) may be endless, and are read as fast as they arrive; and if the chunks of a response become unreadable, aiohttp
keeps waiting for it although its connection was closed.
"""

from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

_MOST_INTERIM = 16
"""The most interim responses before a response."""


class Connector(aiohttp.TCPConnector):
    """Has the parameters of a `TCPConnector`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - see there
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(_Connection, loop=self._loop))


class _Connection(ResponseHandler):
    _interim = 0

    def is_connected(self) -> bool:
        """Called before an idle connection is used for the next request."""
        return super().is_connected() and not self.should_close

    def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
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
        body = self._payload
        super().set_exception(exc, *cause)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(exc)))
