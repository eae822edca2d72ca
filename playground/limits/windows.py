"""Windows of requests: how many came in the stretch of time before now, and whether one more may.

The window moves: each request is in it for the rate's time, and then it is not. Counting is exact, however many come at once.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import limits

_MOST_KEYS = 100_000
"""Who changes addresses faster than that is not held up by counting addresses, and must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in any stretch of so long."""

    name: str
    """As it is told: `user-requests`."""
    amount: int
    seconds: int

    @classmethod
    def parse(cls, name: str, text: str | None) -> Self | None:
        """The rate that `text` says, as `100 per 15 minutes`; `None`: no limit. Raises `ValueError`."""
        if text is None:
            return None
        item = limits.parse(text)
        return cls(name, item.amount, item.get_expiry())


@dataclass(frozen=True, slots=True)
class Window:
    """How a window stands. `resets_in`: seconds until there is room for one more, or more room than now; 0 when it is empty."""

    allowed: bool
    """Whether this request was counted, or one more would be."""
    used: int
    resets_in: float


class Windows(Protocol):
    """Counts requests by rate and by whose they are."""

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request, if there is room for it. One that is refused is not counted."""

    async def look(self, rate: Rate, who: str) -> Window:
        """How the window stands; nothing is counted."""

    async def run_forever(self) -> None:
        """What has to be done in the background."""


class _Hits:
    """When the requests of one window came, the oldest first."""

    __slots__ = ("seconds", "times")

    def __init__(self) -> None:
        self.times: deque[float] = deque()
        self.seconds = 0.0

    def drop_old(self, now: float, seconds: float) -> None:
        self.seconds = seconds
        while self.times and self.times[0] <= now - seconds:
            self.times.popleft()


class MemoryWindows:
    """In this process's memory.

    The asyncio storage of the library `limits` for this looks through all keys in worker threads at each request, which takes a
    millisecond of processor time from a hundred keys on. This one looks at the oldest two.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # In the order of their last request.
        self._by_key: OrderedDict[str, _Hits] = OrderedDict()

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request, if there is room for it."""
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
        """How the window stands."""
        hits, now = self._by_key.get(f"{rate.name}:{who}"), self._clock()
        if hits is None:
            return Window(rate.amount > 0, 0, 0)
        hits.drop_old(now, rate.seconds)
        return _window(hits.times, rate, now, allowed=len(hits.times) < rate.amount)

    async def run_forever(self) -> None:
        """Nothing has to be done."""

    def _forget_old(self, now: float) -> None:
        for _ in range(2):
            hits = next(iter(self._by_key.values()), None)
            if hits is None or (len(self._by_key) <= _MOST_KEYS and hits.times and hits.times[-1] > now - hits.seconds):
                return
            self._by_key.popitem(last=False)


def _window(times: deque[float], rate: Rate, now: float, *, allowed: bool) -> Window:
    if not times:
        return Window(allowed, 0, rate.seconds if rate.amount == 0 else 0)
    # After a limit was lowered there may be more than it allows.
    leaves_first = times[max(0, len(times) - rate.amount) if rate.amount else -1]
    return Window(allowed, len(times), rate.seconds - (now - leaves_first))
