"""The response that carries a run's events to one reader."""

import asyncio

import structlog
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.types import Message, Receive, Scope, Send

from playground.middleware import direct_send

from .log import EventLog
from .reading import Reading

_WRITE_LIMIT = 64 * 1024
"""Text in one write to a reader, in bytes: as much as the server buffers before it waits for the reader."""
_OPENING = b"retry: 1000\n"
"""`EventSource` is to come back a second after it lost its connection. Part of the first message."""

_logger = structlog.get_logger(__name__)


class EventStream(EventSourceResponse):
    """sse-starlette's response (its ping, its watch for readers that leave, its way of ending at shutdown), reading from a log by itself.

    Handing each piece through an iterator, a cancel scope for the time limit and every middleware's `send` made up a third of what a
    chunk costs. So this takes the pieces from the log itself, sends them past the middlewares, and has one timer a response that looks
    whether a send has been under way for too long, and sets itself again for the rest.
    """

    def __init__(self, reading: Reading, *, send_timeout: float, shutdown_grace_period: float) -> None:
        super().__init__(iter(()), sep="\n", shutdown_grace_period=shutdown_grace_period)
        self._reading = reading
        self._limit = send_timeout
        self._sending_since: float | None = None
        self._sender: asyncio.Task[None] | None = None
        self._stalled = False
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events. A reader that takes nothing for the limit's time is dropped: it may come back for the rest."""
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._limit, self._look)
        self._direct_send = direct_send(scope, send)
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            _logger.warning("reader_dropped", reason=f"its connection took nothing for {self._limit:g} s")
        finally:
            self._timer.cancel()

    async def _stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._sender = asyncio.current_task()
        try:
            with self._reading.counted():
                await self._send_events(self._reading.log, self._reading.after)
        except asyncio.CancelledError:
            if self._stalled and self._sender is not None and self._sender.uncancel() == 0:
                raise SendTimeoutError from None
            raise
        async with self._send_lock:
            self.active = False
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, log: EventLog, after: int) -> None:
        send, time = self._direct_send, self._loop.time
        opening = _OPENING
        while True:
            messages, after = log.read(after, _WRITE_LIMIT)
            if messages:
                self._sending_since = time()
                await send({"type": "http.response.body", "body": opening + messages if opening else messages, "more_body": True})
                self._sending_since = None
                opening = b""
            elif log.closed:
                return
            else:
                await log.news()

    async def _send_with_timeout(self, send: Send, message: Message) -> None:
        """A ping. The timer watches over the events alone: a reader that takes no pings takes no events either."""
        await send(message)

    def _look(self) -> None:
        now, since = self._loop.time(), self._sending_since
        due = self._limit + (now if since is None else since)
        if now < due:
            self._timer = self._loop.call_at(due, self._look)
        elif self._sender is not None:
            self._stalled = True
            self._sender.cancel()
