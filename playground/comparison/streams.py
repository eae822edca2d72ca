"""The responses that stream a run to an authenticated reader."""

from fastapi import Response, status

from playground.accounts.identity import User
from playground.accounts.logins.tickets import Tickets

from .stream.response import EventStream
from .stream.subscription import Subscription
from .stream.write_rounds import WriteRounds


class Streams:
    """Creates the responses for event streams."""

    def __init__(self, tickets: Tickets, *, send_timeout_seconds: float) -> None:
        self._tickets = tickets
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
