"""The connection to Redis, through which replicas share state."""

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
    """Open a client for `REDIS_URL`; `None` without it. Raises `StartupError` if Redis doesn't respond or the address is not valid."""
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
        # This pool waits for a free connection; the default one fails.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
        )
        # Only a connection checks its parameters, and the pool creates none before it is needed.
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, AttributeError, RedisError):
        # Their messages may contain a part of the password.
        raise StartupError(_UNUSABLE) from None
    return pool
