"""Moving windows of requests: how many came in the last seconds, and whether there is room for one more.

Each request counts for the length of the window. Counting is exact, however many requests come at once.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import limits

_MOST_KEYS = 100_000
"""A client that changes addresses faster than that can't be stopped by counting addresses, but must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A maximum number of requests in any period of that length."""

    name: str
    """The name in headers and errors, such as `user-requests`."""
    amount: int
    seconds: int

    @classmethod
    def parse(cls, name: str, text: str | None) -> Self | None:
        """Parse a rate such as `100 per 15 minutes`; `None`: no limit. Raises `ValueError`."""
        if text is None:
            return None
        item = limits.parse(text)
        return cls(name, item.amount, item.get_expiry())


@dataclass(frozen=True, slots=True)
class Window:
    """The state of a window. `resets_in`: seconds until there is room for one more request than now; 0 if it is empty."""

    allowed: bool
    """Whether this request was counted, or the next would be."""
    used: int
    resets_in: float


class Windows(Protocol):
    """Counts requests per rate and client."""

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request if there is room for it. A refused request is not counted."""

    async def look(self, rate: Rate, who: str) -> Window:
        """Return the state of the window without counting."""

    async def take_back(self, rate: Rate, who: str) -> None:
        """Stop counting the last request that was counted."""

    async def run_forever(self) -> None:
        """Do background work until cancelled."""


class _Hits:
    """The times of the requests in one window, oldest first."""

    __slots__ = ("seconds", "times")

    def __init__(self) -> None:
        self.times: deque[float] = deque()
        self.seconds = 0.0

    def drop_old(self, now: float, seconds: float) -> None:
        self.seconds = seconds
        while self.times and self.times[0] <= now - seconds:
            self.times.popleft()


class MemoryWindows:
    """Windows in this process's memory.

    The asyncio storage of the library `limits` scans all keys in worker threads on each request, which takes a millisecond of CPU time
    from a hundred keys on. This one only looks at the oldest two.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Ordered by the last request.
        self._by_key: OrderedDict[str, _Hits] = OrderedDict()

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request if there is room for it."""
        key, now = f"{rate.name}:{who}", self._clock()
        hits = self._by_key.get(key)
        if hits is None:
            hits = self._by_key[key] = _Hits()
        else:
            self._by_key.move_to_end(key)
        hits.drop_old(now, rate.seconds)
        allowed = len(hits.times) < rate.amount
        if allowed:
            hits.times.append(now)
        self._forget_old(now)
        return _window(hits.times, rate, now, allowed=allowed)

    async def look(self, rate: Rate, who: str) -> Window:
        """Return the state of the window."""
        hits, now = self._by_key.get(f"{rate.name}:{who}"), self._clock()
        if hits is None:
            return Window(rate.amount > 0, 0, 0)
        hits.drop_old(now, rate.seconds)
        return _window(hits.times, rate, now, allowed=len(hits.times) < rate.amount)

    async def take_back(self, rate: Rate, who: str) -> None:
        """Stop counting the last request that was counted."""
        hits = self._by_key.get(f"{rate.name}:{who}")
        if hits is not None and hits.times:
            hits.times.pop()

    async def run_forever(self) -> None:
        """No background work is needed."""

    def _forget_old(self, now: float) -> None:
        for _ in range(2):
            hits = next(iter(self._by_key.values()), None)
            if hits is None or (len(self._by_key) <= _MOST_KEYS and hits.times and hits.times[-1] > now - hits.seconds):
                return
            self._by_key.popitem(last=False)


def _window(times: deque[float], rate: Rate, now: float, *, allowed: bool) -> Window:
    if not times:
        return Window(allowed, 0, rate.seconds if rate.amount == 0 else 0)
    # After the limit was lowered, there may be more requests than allowed.
    leaves_first = times[max(0, len(times) - rate.amount) if rate.amount else -1]
    return Window(allowed, len(times), rate.seconds - (now - leaves_first))
