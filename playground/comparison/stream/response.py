"""The response that carries a run's events to one reader."""

import asyncio

import structlog
from sse_starlette import EventSourceResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playground.serving.middleware import direct_send
from playground.serving.uvicorn_internals import drop

from .reader import Reading
from .write_rounds import Pace
from .writer import Writer

_logger = structlog.get_logger(__name__)

_HEAD = [header for header in EventSourceResponse(iter(()), sep="\n").raw_headers if header[0] != b"connection"]
"""Whether the connection stays is the server's to say."""


class EventStream(Response):
    """An event stream with sse-starlette's head and a `Writer` for its body.

    The library's own body takes four tasks a stream, and each message goes through an iterator, a cancel scope and every middleware.
    """

    def __init__(self, reading: Reading, pace: Pace, *, send_timeout: float) -> None:
        super().__init__()
        self.raw_headers = list(_HEAD)
        self._reading = reading
        self._pace = pace
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events. A reader that takes nothing for the limit's time is dropped: it may come back for the rest."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writer = Writer(self._reading.log, self._reading.after, direct_send(scope, send), self._pace, self._send_timeout)
        watching = asyncio.get_running_loop().create_task(_watch(receive, writer))
        try:
            with self._reading.counted():
                await writer.run()
        except TimeoutError:
            _logger.warning("reader_dropped", reason=f"its connection took nothing for {self._send_timeout:g} s")
            drop(scope)
            return
        finally:
            watching.cancel()
        if not writer.left:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _watch(receive: Receive, writer: Writer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    writer.leave()
