"""The responses that carry a run to a reader who was identified."""

from fastapi import Response, status

from playground.accounts.identity import User
from playground.accounts.logins.tickets import Tickets

from .stream.reader import Reading
from .stream.response import EventStream
from .stream.write_rounds import Pace


class Streams:
    """Makes the responses of event streams."""

    def __init__(self, tickets: Tickets, *, send_timeout_seconds: float) -> None:
        self._tickets = tickets
        self._pace = Pace()
        self._send_timeout = send_timeout_seconds

    async def of(self, user: User, reading: Reading) -> EventStream:
        """Return the stream of a reader. A ticket that came with the request is valid for this run only from now on."""
        await self._tickets.bind(user, reading.log.run_id)
        # On shutdown runs end by themselves within the grace (see `Runs.drain`), and their streams with them.
        return EventStream(reading, self._pace, send_timeout=self._send_timeout)

    async def of_running(self, user: User, reading: Reading | None) -> Response:
        """Return the stream of a reader; 204, which stops an `EventSource`, where the run is over and all of it was read."""
        return Response(status_code=status.HTTP_204_NO_CONTENT) if reading is None else await self.of(user, reading)
