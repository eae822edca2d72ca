"""Stream tickets, which `EventSource` sends in the URL instead of an access token, because it can't set headers.

A URL ends up in the logs of proxies and the history of browsers. A ticket found there is of little use: it has been used, and
only still opens the one stream that it started, for reconnecting.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from playground.accounts.identity import Identities, User
from playground.kit.errors import NotAuthenticated, Unavailable
from playground.kit.ids import new_id
from playground.kit.wire import WireModel

from .signed_tokens import Tokens, claims_to_be_for, unusable

_USE = "ticket"
_MOST_USES = 100_000
"""Maximum number of used tickets in the memory of a single process: about 20 MB."""
_KEPT_SECONDS = 86_400
"""How long used tickets and their runs are stored: longer than any ticket is valid and any run lasts."""


class TicketUsed(NotAuthenticated):
    """The ticket was already used for another run."""

    code = "ticket_used"
    title = "The ticket was already used"


class Ticket(WireModel):
    """A ticket for one stream that starts within `expires_in` seconds, and for reconnecting to it."""

    token: str
    expires_in: int


class UsedTickets(Protocol):
    """Stores which tickets were used, and for which run."""

    async def claim(self, ticket_id: str, issued_at: int) -> bool:
        """Use a ticket; False: it was used before. Of any number of concurrent claims, one succeeds.

        `issued_at` is in seconds since 1970.
        """

    async def bind(self, ticket_id: str, run_id: str) -> None:
        """Store the run that a used ticket was for."""

    async def run_of(self, ticket_id: str) -> str | None:
        """Return the run that a ticket was used for."""


class UsedTicketsInMemory:
    """Used tickets of a single process."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[str | None, float]] = {}
        """The run, and when the ticket was claimed (monotonic seconds); the oldest first."""
        self._began_at = int(time.time())

    async def claim(self, ticket_id: str, issued_at: int) -> bool:
        """See `UsedTickets`. A ticket from before the start of this process may have been used then."""
        if issued_at < self._began_at:
            return False
        now = time.monotonic()
        while self._used and now - next(iter(self._used.values()))[1] >= _KEPT_SECONDS:
            del self._used[next(iter(self._used))]
        if ticket_id in self._used:
            return False
        if len(self._used) >= _MOST_USES:
            # A dropped ticket could be used again.
            raise Unavailable("Too many stream tickets were used today. Send an access token or an API key in a header instead.")
        self._used[ticket_id] = None, now
        return True

    async def bind(self, ticket_id: str, run_id: str) -> None:
        """See `UsedTickets`."""
        if ticket_id in self._used:
            self._used[ticket_id] = run_id, self._used[ticket_id][1]

    async def run_of(self, ticket_id: str) -> str | None:
        """See `UsedTickets`."""
        return self._used.get(ticket_id, (None, 0.0))[0]


class UsedTicketsInRedis:
    """Used tickets of several processes. Without Redis no ticket is accepted, because its use can't be checked."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def claim(self, ticket_id: str, issued_at: int) -> bool:  # noqa: ARG002 - Redis has the tickets of all processes
        """See `UsedTickets`. Raises `Unavailable`."""
        try:
            return bool(await self._redis.set(_key(ticket_id), "", nx=True, ex=_KEPT_SECONDS))
        except (RedisError, OSError):
            raise _away() from None

    async def bind(self, ticket_id: str, run_id: str) -> None:
        """See `UsedTickets`. Raises `Unavailable`."""
        try:
            await self._redis.set(_key(ticket_id), run_id, xx=True, ex=_KEPT_SECONDS)
        except (RedisError, OSError):
            raise _away() from None

    async def run_of(self, ticket_id: str) -> str | None:
        """See `UsedTickets`. Raises `Unavailable`."""
        try:
            run_id = await self._redis.get(_key(ticket_id))
        except (RedisError, OSError):
            raise _away() from None
        return (run_id.decode() if isinstance(run_id, bytes) else run_id) or None


class Tickets:
    """Issues and accepts tickets."""

    def __init__(self, tokens: Tokens, identities: Identities, used: UsedTickets, *, seconds: int) -> None:
        self._tokens = tokens
        self._identities = identities
        self._used = used
        self._seconds = seconds

    def issue(self, user: User) -> Ticket:
        """Return a ticket for `user` to start or join one stream, with no more rights than now."""
        behind = {"key": user.key_id} if user.key_id is not None else {"sid": user.login_id}
        token = self._tokens.sign(_USE, {"sub": user.id, **behind}, seconds=self._seconds, token_id=new_id())
        return Ticket(token=token, expires_in=self._seconds)

    async def user_of(self, token: str, last_event_id: str | None) -> User:
        """Return the user of `token=` in the query: of a ticket, which this uses up, or of an access token.

        A used ticket still opens the run that it was used for, even after it has expired, if `last_event_id` is of that run. Raises
        `NotAuthenticated`, `TicketUsed`, `Unavailable`.
        """
        if not claims_to_be_for(token, _USE):
            return await self._identities.of_access_token(token)
        claims = self._tokens.verify(token, _USE, expired_too=last_event_id is not None)
        ticket_id: str = claims["jti"]
        user = replace(await self._behind(claims), ticket_id=ticket_id)
        if last_event_id is not None and await self._used.run_of(ticket_id) == last_event_id.rpartition(":")[0]:
            return user
        if claims["exp"] <= time.time():
            raise unusable()
        if not await self._used.claim(ticket_id, claims["iat"]):
            raise TicketUsed("A ticket is valid for one stream and for reconnecting to it. Request a new ticket.")
        return user

    async def holder_of(self, token: str) -> User:
        """Return the owner of a ticket or access token, without using it. The ticket may be used or expired.

        Raises `NotAuthenticated`, `Unavailable`.
        """
        if not claims_to_be_for(token, _USE):
            return await self._identities.of_access_token(token)
        return await self._behind(self._tokens.verify(token, _USE, expired_too=True))

    async def _behind(self, claims: Mapping[str, Any]) -> User:
        """Return the user whose login or API key a ticket was issued for, if that is still valid."""
        if isinstance(claims.get("sid"), str):
            return await self._identities.of_login(claims["sid"])
        if isinstance(claims.get("key"), str):
            return await self._identities.of_key_id(claims["key"])
        raise unusable()

    async def bind(self, user: User, run_id: str) -> None:
        """Let the ticket of `user`, if any, open that run again. Raises `Unavailable`."""
        if user.ticket_id is not None:
            await self._used.bind(user.ticket_id, run_id)


def _key(ticket_id: str) -> str:
    return f"playground:ticket:{ticket_id}"


def _away() -> Unavailable:
    return Unavailable("Tickets can't be checked at the moment. Send an access token instead.")
