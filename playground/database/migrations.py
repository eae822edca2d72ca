"""Applies the migrations in `migrations/` to a database."""

from datetime import timedelta

import anyio
import structlog

from playground.database.engine.process import Engine, running_engine
from playground.database.generated import Prisma
from playground.database.generated.errors import DataError
from playground.kit.errors import StartupError

from . import locks
from .migration_history import Migration, apply_migrations, missing_migrations

_REACH_TIMEOUT = 10.0
"""How long to wait for a database that is still starting; seconds."""
_LOCK_TIMEOUT = 300.0
"""How long to wait for another replica's migrations; seconds."""

log = structlog.get_logger()


async def migrate(url: str) -> tuple[str, ...]:
    """Apply the migrations that the database at `url` lacks, and return their names. Several processes can run this at once.

    Raises `StartupError` if the database can't be reached or a migration fails.
    """
    async with running_engine(url, pool_size=2) as engine:
        return await bring_up_to_date(engine)


async def bring_up_to_date(engine: Engine) -> tuple[str, ...]:
    """Apply migrations with a running engine. Needs one or two queries if there is nothing to do."""
    if not await _missing_when_reached(engine.client):
        return ()
    # This transaction holds the lock, while the migrations use their own connections.
    async with engine.client.tx(max_wait=timedelta(seconds=10), timeout=timedelta(seconds=2 * _LOCK_TIMEOUT)) as transaction:
        await _lock(transaction)
        missing = await missing_migrations(engine.client)
        names = tuple(migration.name for migration in missing)
        if missing:
            log.info("migrating the database", migrations=names)
            await apply_migrations(engine, missing)
    return names


async def _missing_when_reached(client: Prisma) -> list[Migration]:
    give_up = anyio.current_time() + _REACH_TIMEOUT
    logged = False
    while True:
        try:
            return await missing_migrations(client)
        except DataError as error:
            if error.code != "P1001" or anyio.current_time() > give_up:
                raise StartupError(f"The database can't be used: {error}. Check DATABASE_URL.") from error
            if not logged:
                log.info("waiting for the database", reason=str(error))
                logged = True
        await anyio.sleep(0.5)


async def _lock(transaction: Prisma) -> None:
    """Take the lock until the end of the transaction. It is polled, because the engine lets no statement wait for long."""
    give_up = anyio.current_time() + _LOCK_TIMEOUT
    while True:
        [answer] = await transaction.query_raw("SELECT pg_try_advisory_xact_lock($1::bigint) AS locked", locks.MIGRATIONS)
        if answer["locked"]:
            return
        if anyio.current_time() > give_up:
            raise StartupError(f"Another process has been migrating the database for {_LOCK_TIMEOUT:.0f} s. It may be stuck.")
        await anyio.sleep(0.1)
