"""The connection to Redis, through which replicas know of each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from .errors import StartupError
from .settings import Settings

_CONNECTIONS = 50
_TIMEOUT_SECONDS = 2.0


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[Redis | None]:
    """A client of the Redis at `REDIS_URL`; `None` without one. Raises `StartupError` when it does not answer."""
    if settings.redis_url is None:
        yield None
        return
    # A pool that waits: the default one fails when all of its connections are in use.
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=_CONNECTIONS,
        timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        socket_timeout=_TIMEOUT_SECONDS,
    )
    client = Redis(connection_pool=pool)
    try:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            raise StartupError(f"Redis does not answer: {error}. Check REDIS_URL.") from None
        yield client
    finally:
        await client.aclose()
        await pool.aclose()
