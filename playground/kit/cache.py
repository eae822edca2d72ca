"""Answers of the database that are kept until somebody announces a change."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cachetools import LRUCache

from .announcements import Announcements
from .errors import Unavailable

_MOST = 20_000
FRESH_SECONDS = 60.0
"""However sure the announcements are, the database is asked again after this."""

V = TypeVar("V")


class Remembered(Generic[V]):
    """What `load` gives by key. While announcements don't arrive it is loaded every time.

    While the database is away what is known holds on: a change is written there before it is announced, so there can be none.
    """

    def __init__(self, load: Callable[[str], Awaitable[V | None]], announcements: Announcements) -> None:
        self._load = load
        self._announcements = announcements
        self._values: LRUCache[str, tuple[V, float]] = LRUCache(_MOST)
        self._changes = 0

    async def get(self, key: str) -> V | None:
        """The value, remembered or loaded; `None`, which is never remembered, when there is none. Raises `Unavailable`."""
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
        # What was read before a change that was announced meanwhile must not be kept.
        if changes == self._changes:
            if value is None:
                self._values.pop(key, None)
            else:
                self.remember(key, value)
        return value

    def remember(self, key: str, value: V) -> None:
        """Keep a value that was just written."""
        self._values[key] = value, time.monotonic()

    def forget(self, key: str) -> None:
        """The value under `key` changed."""
        self._changes += 1
        self._values.pop(key, None)

    def forget_where(self, condition: Callable[[V], bool]) -> None:
        """All values that fulfil `condition` changed."""
        self._changes += 1
        for key in [key for key, (value, _) in self._values.items() if condition(value)]:
            del self._values[key]
