"""What every room is built on: settings, database, Redis if configured, announcements, background tasks."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from anyio.abc import TaskGroup
from redis.asyncio import Redis

from playground.kit.announcements import Announcements, RedisAnnouncements
from playground.kit.errors import StartupError
from playground.kit.provided import Services
from playground.kit.redis_connection import open_redis
from playground.kit.tasks import background_tasks
from playground.settings import Settings

from .audit import Audit
from .client import Database


@dataclass(frozen=True, slots=True)
class Foundation:
    """What a room can use when it opens."""

    settings: Settings
    services: Services
    """Where a room adds its services."""
    tasks: TaskGroup
    """Runs the background tasks of rooms, until the application closes."""
    database: Database
    redis: Redis | None
    announcements: Announcements
    audit: Audit
    closing: ExitStack
    """Closes what the background tasks use, after they have ended."""


@asynccontextmanager
async def open_foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Open the data folder, the database and Redis. Raises `StartupError`."""
    _prepare_data_dir(settings)
    with ExitStack() as closing:
        async with Database.open(settings) as database, open_redis(settings) as redis, background_tasks() as tasks:
            announcements = Announcements() if redis is None else RedisAnnouncements(redis)
            audit = Audit(database)
            services = Services()
            services.add(settings, database, announcements, audit)
            yield Foundation(settings, services, tasks, database, redis, announcements, audit, closing)


def _prepare_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(
            f"The data folder {settings.data_dir} can't be created: {error.strerror}. Set PLAYGROUND_DATA_DIR to another folder."
        ) from None
