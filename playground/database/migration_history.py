"""The migrations of a database: reading which have been applied, and applying further ones.

The table and its rows are those of `prisma migrate deploy` (a test compares them), so that Prisma's own commands still work on the
database. Prisma's command line is not needed for this: it would add 128 MB of packages, and a second to every first start.
"""

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path

from playground.database.generated import Prisma
from playground.files import MIGRATIONS
from playground.kit.errors import StartupError

from .engine.process import Engine

_TABLE = """
CREATE TABLE _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
)"""

_HAS_TABLE = "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there"

# Tables, views and types of the schema, except those of extensions, which some servers include.
_CONTENTS = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
LIMIT 1"""

_ALLOW_AGAIN = "  UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '{}' AND finished_at IS NULL;"


@dataclass(frozen=True, slots=True)
class Migration:
    """One folder of `migrations/`."""

    name: str
    script: bytes

    @property
    def checksum(self) -> str:
        """Return the checksum that Prisma stores: SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self.script).hexdigest()


def known_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Return the migrations of this version, in the order in which they are applied."""
    return [Migration(file.parent.name, file.read_bytes()) for file in sorted(folder.glob("*/migration.sql"))]


async def missing_migrations(client: Prisma) -> list[Migration]:
    """Return the migrations that the database lacks. Raises `StartupError` if it has an unknown one."""
    ours = known_migrations()
    [answer] = await client.query_raw(_HAS_TABLE)
    if not answer["there"]:
        return ours
    rows = await client.query_raw("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL")
    applied = {row["migration_name"] for row in rows}
    if unknown := sorted(applied.difference(migration.name for migration in ours)):
        raise StartupError(
            f"A newer version of Playground has changed this database: this one doesn't know the migration {', '.join(unknown)}. "
            "Start that version or a newer one, or restore a backup from before the upgrade."
        )
    return [migration for migration in ours if migration.name not in applied]


async def apply_migrations(engine: Engine, migrations: list[Migration]) -> None:
    """Apply missing `migrations`. Raises `StartupError` if one fails or failed earlier, or the database isn't ours."""
    client = engine.client
    await _make_table(client)
    await _check_for_failure(client)
    for migration in migrations:
        await _apply(engine, migration)


async def _make_table(client: Prisma) -> None:
    [answer] = await client.query_raw(_HAS_TABLE)
    if answer["there"]:
        return
    [answer] = await client.query_raw("SELECT current_schema() AS name, current_setting('search_path') AS wanted")
    if answer["name"] is None:
        # The address has `schema=`, which doesn't exist yet.
        [quoted] = await client.query_raw("SELECT quote_ident($1) AS name", answer["wanted"].strip('"'))
        await client.execute_raw(f"CREATE SCHEMA {quoted['name']}")
    if contents := await client.query_raw(_CONTENTS):
        raise StartupError(
            f"The database in DATABASE_URL is not empty: it has {contents[0]['name']}, and nothing of Playground. "
            "Choose another database, or another schema in it with `?schema=`."
        )
    await client.execute_raw(_TABLE)


async def _check_for_failure(client: Prisma) -> None:
    rows = await client.query_raw(
        "SELECT migration_name AS name, logs FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL LIMIT 1"
    )
    for row in rows:
        reason = f" It failed with: {row['logs']}" if row["logs"] else ""
        raise StartupError(
            f"An earlier start did not finish the migration {row['name']}, so no further one is applied.{reason}\n"
            "A migration is one transaction, so it left nothing behind. When its reason is gone, allow it again with this statement:\n"
            + _ALLOW_AGAIN.format(row["name"])
        )


async def _apply(engine: Engine, migration: Migration) -> None:
    client, row = engine.client, str(uuid.uuid4())
    await client.execute_raw(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", row, migration.checksum, migration.name
    )
    failure = await engine.run_script(migration.script.decode())
    if failure is not None:
        await client.execute_raw("UPDATE _prisma_migrations SET logs = $1 WHERE id = $2", failure, row)
        raise StartupError(f"The migration {migration.name} failed, and changed nothing: {failure}")
    await client.execute_raw("UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1", row)
