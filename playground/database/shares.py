"""Fair queueing of reads: a user gets at most a share of the connections for reads, and users take turns.

A user with many slow reads only waits for their own; other users' reads pass. Writes and look-ups by id are not queued, and some
connections are always left for them.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from playground.kit.errors import Unavailable

MOST_WAITING = 64
"""Maximum number of waiting reads per user. More are refused immediately."""
LONGEST_WAIT = 10.0
"""Seconds after which a waiting read is refused."""


class TooSlow(Unavailable):
    """The database takes too long for this request."""

    title = "The request takes too long"
    code = "too_slow"


class Shares:
    """The queue of reads. It belongs to one event loop."""

    def __init__(self, total: int, of_one: int) -> None:
        """Allow at most `total` reads at once, and at most `of_one` of the same owner."""
        self._total = total
        self._of_one = of_one
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[anyio.Event]] = OrderedDict()
        """Waiting reads by owner; the owner whose turn is next comes first."""

    @classmethod
    def of_pool(cls, size: int) -> "Shares":
        """Return the shares of a pool: three quarters for reads, a quarter for one user; at least one connection each."""
        return cls(max(1, size * 3 // 4), max(1, size // 4))

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Wait for the turn of one read of `owner`. Raises `TooSlow` if too many of them wait, or this one has waited too long."""
        await self._taken(owner)
        try:
            yield
        finally:
            self._give_back(owner)

    async def _taken(self, owner: str) -> None:
        if owner not in self._waiting and self._has_room(owner):
            self._running[owner] += 1
            return
        queue = self._waiting.setdefault(owner, deque())
        if len(queue) >= MOST_WAITING:
            raise TooSlow(f"{MOST_WAITING} requests of this account are already waiting for the database. Wait until they have finished.")
        granted = anyio.Event()
        queue.append(granted)
        try:
            with anyio.move_on_after(LONGEST_WAIT):
                await granted.wait()
        except BaseException:  # The request has ended.
            if granted.is_set():
                self._give_back(owner)
            else:
                self._leave(owner, granted)
            raise
        if not granted.is_set():
            self._leave(owner, granted)
            raise TooSlow(
                "Other requests of this account keep the database busy. Wait until they have finished, or request less data at once."
            )

    def _has_room(self, owner: str) -> bool:
        return self._running[owner] < self._of_one and self._running.total() < self._total

    def _leave(self, owner: str, waiting: anyio.Event) -> None:
        self._waiting[owner].remove(waiting)
        if not self._waiting[owner]:
            del self._waiting[owner]

    def _give_back(self, owner: str) -> None:
        self._running[owner] -= 1
        if not self._running[owner]:
            del self._running[owner]
        while (following := next(filter(self._has_room, self._waiting), None)) is not None:
            self._grant(following)

    def _grant(self, owner: str) -> None:
        self._running[owner] += 1
        queue = self._waiting.pop(owner)
        queue.popleft().set()
        if queue:
            # Move it to the end: the others come first now.
            self._waiting[owner] = queue
