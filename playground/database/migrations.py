"""Bringing a database to the state that `migrations/` describes."""

from datetime import timedelta

import anyio
import structlog
from prisma import Prisma
from prisma.errors import DataError

from playground.database.engine.process import running_engine
from playground.kit.errors import StartupError

from . import locks
from .engine import prisma_cli

_REACH_TIMEOUT = 10.0
"""For a database that is still starting, as when both are started together; seconds."""
_LOCK_TIMEOUT = 300.0
"""For another replica's migrations; seconds."""

log = structlog.get_logger()


async def migrate(url: str) -> tuple[str, ...]:
    """Applies the migrations that the database at `url` lacks, and returns their names. Safe to run from several processes at once.

    Raises `StartupError` when the database can't be reached, or a migration fails.
    """
    async with running_engine(url, pool_size=2) as engine:
        return await bring_up_to_date(engine.client, url)


async def bring_up_to_date(client: Prisma, url: str) -> tuple[str, ...]:
    """`migrate`, with a client that is connected to `url` already. Takes one or two queries when there is nothing to do."""
    if not await _missing_when_reached(client):
        return ()
    # Prisma takes a lock of its own, but gives up after ten seconds, and on a connection that may not be the one it works on.
    async with client.tx(max_wait=timedelta(seconds=10), timeout=timedelta(seconds=2 * _LOCK_TIMEOUT)) as transaction:
        await _lock(transaction)
        missing = await _missing(client)
        if missing:
            log.info("migrating the database", migrations=missing)
            await prisma_cli.deploy(url)
    return missing


async def _missing_when_reached(client: Prisma) -> tuple[str, ...]:
    give_up = anyio.current_time() + _REACH_TIMEOUT
    told = False
    while True:
        try:
            return await _missing(client)
        except DataError as error:
            if error.code != "P1001" or anyio.current_time() > give_up:
                raise StartupError(f"The database can't be used: {error}. DATABASE_URL says which it is.") from error
            if not told:
                log.info("waiting for the database", reason=str(error))
                told = True
        await anyio.sleep(0.5)


async def _missing(client: Prisma) -> tuple[str, ...]:
    """The names of our migrations that the database lacks. Raises `StartupError` when it has one that is not ours."""
    ours = sorted(file.parent.name for file in prisma_cli.MIGRATIONS.glob("*/migration.sql"))
    [answer] = await client.query_raw("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there")
    if not answer["there"]:
        return tuple(ours)
    rows = await client.query_raw("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL")
    applied = {row["migration_name"] for row in rows}
    if unknown := sorted(applied.difference(ours)):
        raise StartupError(
            f"A newer version of Playground has changed this database: this one doesn't know the migration {', '.join(unknown)}. "
            "Start that version or a newer one, or go back to a backup that was made before the upgrade."
        )
    return tuple(name for name in ours if name not in applied)


async def _lock(transaction: Prisma) -> None:
    """Holds the lock until the transaction's end. Asked again and again, since the engine lets no statement wait for long."""
    give_up = anyio.current_time() + _LOCK_TIMEOUT
    while True:
        [answer] = await transaction.query_raw("SELECT pg_try_advisory_xact_lock($1::bigint) AS locked", locks.MIGRATIONS)
        if answer["locked"]:
            return
        if anyio.current_time() > give_up:
            raise StartupError(f"Another process has been migrating the database for {_LOCK_TIMEOUT:.0f} s. Is it stuck?")
        await anyio.sleep(0.1)
