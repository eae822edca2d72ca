"""Which PostgreSQL the service uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from playground.database.embedded.running import EmbeddedPostgres
from playground.settings import Settings


class Server(Protocol):
    """A PostgreSQL, and what we can do for it when it does not answer."""

    @property
    def url(self) -> str:
        """Where its database is reached."""

    async def ensure_running(self) -> bool:
        """Starts it if it died and is ours to start; says whether that was so."""


@dataclass(frozen=True, slots=True)
class ExternalServer:
    """The PostgreSQL of `DATABASE_URL`, which somebody else looks after."""

    url: str

    async def ensure_running(self) -> bool:
        """Nothing can be done but wait."""
        return False


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[Server]:
    """The PostgreSQL of `DATABASE_URL`, else the embedded one in the data folder, running. Raises `StartupError`."""
    if settings.database_url is not None:
        yield ExternalServer(settings.database_url.get_secret_value())
    else:
        async with EmbeddedPostgres.open(settings.data_dir) as server:
            yield server
