"""The responses that stream a run to an authenticated reader."""

from fastapi import Request, Response, status

from playground.accounts.identity import User
from playground.accounts.logins.tickets import Tickets

from .history import History
from .stream.response import EventStream
from .stream.subscription import Subscription
from .stream.whole import ended, session_of
from .stream.write_rounds import WriteRounds

_CLIENT_LEFT = 499
"""The client closed the connection; as in nginx's logs."""


class Streams:
    """Creates the responses for event streams."""

    def __init__(self, tickets: Tickets, history: History, *, send_timeout_seconds: float) -> None:
        self._tickets = tickets
        self._history = history
        self._rounds = WriteRounds()
        self._send_timeout = send_timeout_seconds

    async def of(self, user: User, subscription: Subscription) -> EventStream:
        """Return the event stream for a reader. From now on, a ticket sent with the request is valid for this run only."""
        await self._tickets.bind(user, subscription.log.run_id)
        # On shutdown, runs end by themselves within the grace period (see `Runs.drain`), and so do their streams.
        return EventStream(subscription, self._rounds, send_timeout=self._send_timeout)

    async def of_running(self, user: User, subscription: Subscription | None) -> Response:
        """Return the event stream for a reader, or 204, which stops an `EventSource`, if the reader has received the whole run."""
        return Response(status_code=status.HTTP_204_NO_CONTENT) if subscription is None else await self.of(user, subscription)

    async def started(self, request: Request, user: User, subscription: Subscription, *, streamed: bool) -> Response:
        """Return a started run's event stream, or all its answers as one JSON object when it is over."""
        if streamed and not _wants_json(request):
            return await self.of(user, subscription)
        await self._tickets.bind(user, subscription.log.run_id)
        if not await ended(subscription, request.receive):
            return Response(status_code=_CLIENT_LEFT)
        result = await self._history.result(user.id, session_of(subscription), subscription.log.run_id)
        return Response(result.model_dump_json(by_alias=True), media_type="application/json")


def _wants_json(request: Request) -> bool:
    types = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")]
    return "application/json" in types and not {"text/event-stream", "text/*", "*/*"} & set(types)
