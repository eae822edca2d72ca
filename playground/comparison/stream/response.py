"""The response that streams a run's events to one reader."""

import asyncio

import structlog
from sse_starlette import EventSourceResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playground.serving.middleware import direct_send
from playground.serving.uvicorn_internals import drop

from .subscription import Subscription
from .write_rounds import WriteRounds
from .writer import Writer

_logger = structlog.get_logger(__name__)

_HEAD = [header for header in EventSourceResponse(iter(()), sep="\n").raw_headers if header[0] != b"connection"]
"""Without `Connection`, which is set by the server."""


class EventStream(Response):
    """An event stream with the headers of sse-starlette and a `Writer` for its body.

    The library's own body uses four tasks per stream, and each message passes an iterator, a cancel scope and every middleware.
    """

    def __init__(self, subscription: Subscription, rounds: WriteRounds, *, send_timeout: float) -> None:
        super().__init__()
        self.raw_headers = list(_HEAD)
        self._subscription = subscription
        self._rounds = rounds
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events. A reader that accepts nothing until the time limit is disconnected; it can resume later."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writer = Writer(self._subscription.log, self._subscription.after, direct_send(scope, send), self._rounds, self._send_timeout)
        watching = asyncio.get_running_loop().create_task(_watch(receive, writer))
        try:
            with self._subscription.counted():
                await writer.run()
        except TimeoutError:
            _logger.warning("reader_dropped", reason=f"its connection accepted no data for {self._send_timeout:g} s")
            drop(scope)
            return
        finally:
            watching.cancel()
        if not writer.reader_left:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _watch(receive: Receive, writer: Writer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    writer.leave()
