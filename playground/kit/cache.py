"""A cache of database rows that is cleared by announcements of changes."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cachetools import LRUCache

from .announcements import Announcements
from .errors import Unavailable

_MOST = 20_000
FRESH_SECONDS = 60.0
"""However reliable announcements are, values are loaded again after this time."""

V = TypeVar("V")


class Cache(Generic[V]):
    """Caches what `load` returns by key. While announcements don't arrive, it loads every time.

    While the database is unavailable, cached values stay valid: changes are written there first, so there can be none.
    """

    def __init__(self, load: Callable[[str], Awaitable[V | None]], announcements: Announcements) -> None:
        self._load = load
        self._announcements = announcements
        self._values: LRUCache[str, tuple[V, float]] = LRUCache(_MOST)
        self._changes = 0

    async def get(self, key: str) -> V | None:
        """Return the value, cached or loaded; `None`, which is never cached, if there is none. Raises `Unavailable`."""
        if not self._announcements.connected:
            return await self._load(key)
        known = self._values.get(key)
        if known is not None and time.monotonic() - known[1] < FRESH_SECONDS:
            return known[0]
        changes = self._changes
        try:
            value = await self._load(key)
        except Unavailable:
            if known is None or changes != self._changes:
                raise
            return known[0]
        # A value that was read before a change that was announced meanwhile must not be cached.
        if changes == self._changes:
            if value is None:
                self._values.pop(key, None)
            else:
                self.put(key, value)
        return value

    def put(self, key: str, value: V) -> None:
        """Cache a value that was just written."""
        self._values[key] = value, time.monotonic()

    def remove(self, key: str) -> None:
        """Remove the value of `key`, which has changed."""
        self._changes += 1
        self._values.pop(key, None)

    def remove_where(self, condition: Callable[[V], bool]) -> None:
        """Remove all values that fulfil `condition`, which have changed."""
        self._changes += 1
        for key in [key for key, (value, _) in self._values.items() if condition(value)]:
            del self._values[key]
