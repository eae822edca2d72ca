"""Windows that replicas share through Redis."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import anyio
import structlog
from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from .windows import MemoryWindows, Rate, Window

_CONNECTIONS = 20
_PATIENCE_SECONDS = 30.0
"""How long a request waits for Redis at most, however many are before it."""
_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 1.5
_SILENT_LOOKS = 2
"""A process that is busy takes a while to read an answer: one late answer says nothing of Redis."""

_logger = structlog.get_logger(__name__)


class SharedWindows:
    """In Redis, by the library `limits`. While Redis is away no request fails for it: each process counts in its own memory.

    Whether it is away is found out apart from the requests. Their own time limit would also be reached when many come at once, which is
    just when the limit has to hold.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        # Of our own, whose only limit of time is that of the whole: the others' can't tell a busy process from a Redis that is away.
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
        self._own = MemoryWindows()
        self._away = False
        self._under_way: set[asyncio.Timeout] = set()

    async def hit(self, rate: Rate, who: str) -> Window:
        """Count a request, if there is room for it."""

        async def shared() -> Window:
            allowed = await self._storage.acquire_entry(f"{rate.name}:{who}", rate.amount, rate.seconds)
            return await self._window(rate, who, allowed=allowed)

        return await self._shared_or(shared, lambda: self._own.hit(rate, who))

    async def look(self, rate: Rate, who: str) -> Window:
        """How the window stands."""
        return await self._shared_or(lambda: self._window(rate, who, allowed=None), lambda: self._own.look(rate, who))

    async def _window(self, rate: Rate, who: str, *, allowed: bool | None) -> Window:
        oldest, used = await self._storage.get_moving_window(f"{rate.name}:{who}", rate.amount, rate.seconds)
        # The clock of another replica may be ahead.
        resets_in = rate.seconds - max(0, time.time() - oldest) if used or rate.amount == 0 else 0
        return Window(used < rate.amount if allowed is None else allowed, used, resets_in)

    async def _shared_or(self, shared: Callable[[], Awaitable[Window]], own: Callable[[], Awaitable[Window]]) -> Window:
        if self._away:
            return await own()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS) as limit:
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
        """Look whether Redis answers, while the service lives."""
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
