"""The database's version and size."""

from typing import NamedTuple

import anyio

from playground.database.client import Database, DatabaseAway
from playground.database.generated.errors import PrismaError

_ABOUT = "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size"
_TIMEOUT_SECONDS = 1.5


class AboutDatabase(NamedTuple):
    """PostgreSQL's version, and the size of the database in bytes."""

    version: str
    size: int


class SystemRepository:
    """Queries the state of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self) -> AboutDatabase | None:
        """Return version and size; `None` if the database doesn't respond in time."""
        with anyio.move_on_after(_TIMEOUT_SECONDS):
            try:
                [row] = await self._database.run(lambda prisma: prisma.query_raw(_ABOUT))
            except (DatabaseAway, PrismaError):
                return None
            return AboutDatabase(**row)
        return None
