"""The connection to Redis, through which replicas know of each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from playground.settings import Settings

from .errors import StartupError

_CONNECTIONS = 50
_TIMEOUT_SECONDS = 2.0
_UNUSABLE = (
    "REDIS_URL is not valid. Write an address such as redis://:password@host:6379/0. In the password, write / as %2F, # as %23, ? as %3F "
    "and % as %25. Use only the parameters of redis-py."
)


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[Redis | None]:
    """A client of the Redis at `REDIS_URL`; `None` without one. Raises `StartupError` when it does not answer, or the address is none."""
    if settings.redis_url is None:
        yield None
        return
    pool = _pool(settings.redis_url.get_secret_value())
    client = Redis(connection_pool=pool)
    try:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            raise StartupError(f"Redis doesn't respond: {str(error).rstrip('.')}. Check REDIS_URL.") from None
        yield client
    finally:
        await client.aclose()
        await pool.aclose()


def _pool(url: str) -> BlockingConnectionPool:
    try:
        # A pool that waits: the default one fails when all of its connections are in use.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
        )
        # Only a connection knows which parameters there are, and the pool makes none before it is needed.
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, AttributeError, RedisError):
        # Their words may hold a piece of the password.
        raise StartupError(_UNUSABLE) from None
    return pool
