"""The choice between an external and the embedded PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from playground.database.embedded.running import EmbeddedPostgres
from playground.settings import Settings


class Server(Protocol):
    """A PostgreSQL server, and how to restart it."""

    @property
    def url(self) -> str:
        """Return the address of the database."""

    async def ensure_running(self) -> bool:
        """Start the server if it died and is ours to start. Return whether it was started."""


@dataclass(frozen=True, slots=True)
class ExternalServer:
    """The PostgreSQL of `DATABASE_URL`, which this service doesn't manage."""

    url: str

    async def ensure_running(self) -> bool:
        """Do nothing: the service can only wait."""
        return False


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[Server]:
    """Open the PostgreSQL of `DATABASE_URL`, or start the embedded one in the data folder. Raises `StartupError`."""
    if settings.database_url is not None:
        yield ExternalServer(settings.database_url.get_secret_value())
    else:
        async with EmbeddedPostgres.open(settings.data_dir) as server:
            yield server
