"""Looking at a database without changing it, for an operator who wants to know whether it can be used."""

from dataclasses import dataclass

from playground.database.generated.errors import PrismaError
from playground.kit.errors import StartupError
from playground.settings import Settings

from .choice import open_server
from .engine.process import running_engine
from .migration_history import missing_migrations

_ABOUT = "SELECT current_setting('server_version') AS version, pg_database_size(current_database())::text AS bytes"


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What is known of a database that responds."""

    version: str
    bytes: int
    missing: int
    """Migrations that the next start applies."""


async def inspect(settings: Settings) -> DatabaseState | None:
    """Return the state of the database, or `None` if the embedded one wasn't created yet. Raises `StartupError` if it can't be used."""
    if settings.database_url is None and not (settings.data_dir / "postgres" / "PG_VERSION").exists():
        return None
    async with open_server(settings) as server, running_engine(server.url, pool_size=1) as engine:
        try:
            [about] = await engine.client.query_raw(_ABOUT)
            missing = await missing_migrations(engine.client)
        except PrismaError as error:
            raise StartupError(f"The database can't be used: {error}. Check DATABASE_URL.") from None
    return DatabaseState(about["version"].split()[0], int(about["bytes"]), len(missing))
