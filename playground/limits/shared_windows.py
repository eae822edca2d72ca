"""Windows of requests that replicas share through Redis."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import structlog
from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from .windows import MemoryWindows, Rate, Window

_CONNECTIONS = 20
_TIMEOUT_SECONDS = 30.0
"""The longest time that a request waits for Redis, however many are queued."""
_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 1.5
_SILENT_LOOKS = 2
"""A busy process may read a response late, so a single late response doesn't mean that Redis is unavailable."""

_Result = TypeVar("_Result")

_logger = structlog.get_logger(__name__)


class SharedWindows:
    """Windows in Redis, with the library `limits`. While Redis is unavailable, each process counts in its own memory.

    A separate task detects whether Redis is available. A time limit per request would also be reached by a burst of requests, which
    is just when the limit must apply.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        # A separate pool without time limits of its own, which can't distinguish a busy process from an unavailable Redis.
        self._pool = BlockingConnectionPool(
            max_connections=_CONNECTIONS,
            timeout=None,
            connection_class=redis.connection_pool.connection_class,
            **{**redis.connection_pool.connection_kwargs, "socket_timeout": None, "socket_connect_timeout": None},
        )
        self._storage = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix="playground:limits",
            connection_pool=self._pool,  # type: ignore[arg-type]
        )
        self._local = MemoryWindows()
        self._away = False
        self._under_way: set[asyncio.Timeout] = set()

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request if there is room for it."""

        async def shared() -> Window:
            allowed = await self._storage.acquire_entry(f"{rate.name}:{who}", rate.amount, rate.seconds)
            return await self._window(rate, who, allowed=allowed)

        return await self._shared_or(shared, lambda: self._local.hit(rate, who))

    async def look(self, rate: Rate, who: str) -> Window:
        """Return the state of the window."""
        return await self._shared_or(lambda: self._window(rate, who, allowed=None), lambda: self._local.look(rate, who))

    async def take_back(self, rate: Rate, who: str) -> None:
        """Stop counting the last request that was counted."""

        async def shared() -> None:
            # The newest time is the first of the list: `acquire_moving_window.lua` of `limits` 5.6.
            await self._redis.execute_command("LPOP", self._storage.bridge.prefixed_key(f"{rate.name}:{who}"))  # type: ignore[no-untyped-call]

        await self._shared_or(shared, lambda: self._local.take_back(rate, who))

    async def _window(self, rate: Rate, who: str, *, allowed: bool | None) -> Window:
        oldest, used = await self._storage.get_moving_window(f"{rate.name}:{who}", rate.amount, rate.seconds)
        # Another replica's clock may be ahead.
        resets_in = rate.seconds - max(0, time.time() - oldest) if used or rate.amount == 0 else 0
        return Window(used < rate.amount if allowed is None else allowed, used, resets_in)

    async def _shared_or(self, shared: Callable[[], Awaitable[_Result]], own: Callable[[], Awaitable[_Result]]) -> _Result:
        if self._away:
            return await own()
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS) as limit:
                self._under_way.add(limit)
                try:
                    return await shared()
                finally:
                    self._under_way.discard(limit)
        except TimeoutError:
            return await own()
        except (RedisError, OSError) as error:
            self._went(str(error))
            return await own()

    async def run_forever(self) -> None:
        """Check whether Redis responds, until cancelled."""
        silent = 0
        try:
            while True:
                await anyio.sleep(_LOOK_SECONDS)
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        await self._redis.ping()
                except TimeoutError:
                    silent += 1
                    if silent >= _SILENT_LOOKS:
                        self._went("it does not answer")
                except (RedisError, OSError) as error:
                    self._went(str(error))
                else:
                    silent = 0
                    self._came_back()
        finally:
            with anyio.CancelScope(shield=True):
                await self._pool.aclose()

    def _went(self, reason: str) -> None:
        if not self._away:
            _logger.warning("limits_counted_apart", reason=reason)
        self._away = True
        for limit in self._under_way:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    def _came_back(self) -> None:
        if self._away:
            _logger.info("limits_counted_together")
        self._away = False
