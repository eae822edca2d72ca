"""What the database says of itself."""

from typing import NamedTuple

import anyio

from playground.database.client import Database, DatabaseAway
from playground.database.generated.errors import PrismaError

_ABOUT = "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size"
_PATIENCE = 1.5


class AboutDatabase(NamedTuple):
    """PostgreSQL's version, and how many bytes the database has."""

    version: str
    size: int


class SystemRepository:
    """Asks the database about itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self) -> AboutDatabase | None:
        """`None` when it does not answer within about a second."""
        with anyio.move_on_after(_PATIENCE):
            try:
                [row] = await self._database.run(lambda prisma: prisma.query_raw(_ABOUT))
            except (DatabaseAway, PrismaError):
                return None
            return AboutDatabase(**row)
        return None
