"""Access to the database through Prisma, with recovery when its engine or PostgreSQL is unavailable."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import aiohttp
import anyio
import anyio.abc
import structlog

from playground.database.engine.connection import EngineStuck
from playground.database.engine.process import Engine, running_engine
from playground.database.generated import Prisma
from playground.database.generated.engine.errors import NotConnectedError
from playground.database.generated.errors import DataError, PrismaError, RawQueryError
from playground.kit.errors import StartupError, Unavailable
from playground.kit.tasks import alongside
from playground.settings import Settings

from . import sqlstate
from .choice import Server, open_server
from .migrations import bring_up_to_date
from .shares import Shares, TooSlow

RETRY_SECONDS = 3.0
"""How long an operation is retried while the database is unavailable; seconds."""
_PAUSE = 0.1
_HEALTH_TIMEOUT = 1.0
_UNREACHABLE = "P1001"
"""Our engine's code for all errors of the connection, not of the query (`engine/failures.mjs`)."""
"""PostgreSQL cancelled a statement that exceeded its time limit."""
LIST_SECONDS = 2.0
"""The time limit of PostgreSQL for a page of a list."""
REPORT_SECONDS = 10.0
"""The time limit of PostgreSQL for a report or a part of an export."""
_ENGINE_AWAY = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, EngineStuck, NotConnectedError)

T = TypeVar("T")
log = structlog.get_logger()


class DatabaseAway(Unavailable):
    """The database is unavailable."""

    title = "The database is unavailable"
    code = "database_away"


class Database:
    """Access to the database. Created by `Database.open`."""

    def __init__(self, server: Server, pool_size: int) -> None:
        self._server = server
        self._pool_size = pool_size
        self._shares = Shares.of_pool(pool_size)
        self._engine: Engine | None = None
        self._renewed = anyio.Event()
        self._mending = anyio.Lock()
        self._looked_at = 0.0
        self._away = False
        self._engines = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the database of `settings` and apply migrations. Raises `StartupError` with what is wrong and what to do."""
        async with open_server(settings) as server:
            database = cls(server, settings.database_pool_size)
            async with alongside(database._keep_engine):
                await bring_up_to_date(database._running_engine())
                yield database

    async def run(self, operation: Callable[[Prisma], Awaitable[T]]) -> T:
        """Run `operation` with a client, and return its result.

        While the engine or PostgreSQL is unavailable, `operation` is repeated until it succeeds. So it may take effect more than once,
        and must then give the same result, such as with ids that are created before, upserts, or one transaction. It must not use
        the client after it has ended.

        Raises `DatabaseAway` after `RETRY_SECONDS`, and `TooSlow` if PostgreSQL cancelled a statement that took too long. Other errors of
        `operation`, such as for a unique value that already exists, are raised immediately.
        """
        give_up: float | None = None
        while True:
            engine = self._running_engine()
            try:
                result = await operation(engine.client)
            except _ENGINE_AWAY as error:
                failure: Exception = error
            except DataError as error:
                if isinstance(error, RawQueryError) and error.meta["code"] == sqlstate.QUERY_CANCELED:
                    raise TooSlow("The database took too long for this request. Request less data, or try again later.") from error
                if error.code != _UNREACHABLE:
                    raise
                failure = error
            else:
                self._log_state(away=None)
                return result
            give_up = give_up or anyio.current_time() + RETRY_SECONDS
            if anyio.current_time() >= give_up:
                raise DatabaseAway("The database is not responding at the moment.") from failure
            with anyio.CancelScope(deadline=give_up):
                await self._mend(engine, failure)

    async def read(self, owner: str, statement: str, *parameters: Any, seconds: float, narrow: str) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the rows of a slow SELECT for the user `owner`, within `seconds` and the user's share of the pool.

        Raises `DatabaseAway`, and `TooSlow`, which says how to `narrow` the request.
        """
        # The query engine reads this comment (`engine/time_limits.mjs`).
        limited = f"/* at most {int(seconds * 1000)} ms */ {statement}"
        async with self._shares.turn(owner):
            try:
                return await self.run(lambda client: client.query_raw(limited, *parameters))
            except TooSlow as error:
                raise TooSlow(f"The database took more than {seconds:g} s for this request. {narrow}") from error

    async def healthy(self) -> bool:
        """Return whether the database responds. Takes at most about a second."""
        with anyio.move_on_after(_HEALTH_TIMEOUT):
            try:
                await self.run(lambda client: client.query_raw("SELECT 1"))
            except (DatabaseAway, PrismaError):
                return False
            return True
        return False

    @property
    def engine_running(self) -> bool:
        """Return whether the query engine's process is running."""
        return self._engine is not None and not self._engine.ended.is_set()

    @property
    def engine_restarts(self) -> int:
        """Return how often the query engine died and was restarted."""
        return max(0, self._engines - 1)

    def _running_engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("The database is used outside of Database.open")
        return self._engine

    async def _keep_engine(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        while True:
            try:
                async with running_engine(self._server.url, self._pool_size) as engine:
                    first, self._engine = self._engine is None, engine
                    self._engines += 1
                    if first:
                        task_status.started()
                    self._renewed.set()
                    self._renewed = anyio.Event()
                    await engine.ended.wait()
                    log.warning("the query engine died and is started again", exit_code=engine.process.returncode)
            except StartupError as error:
                if self._engine is None:
                    raise
                log.warning("the query engine could not be started again", reason=str(error))
                await anyio.sleep(_PAUSE)

    async def _mend(self, engine: Engine, failure: Exception) -> None:
        """Try to repair `failure`, and return when another attempt is worthwhile."""
        if isinstance(failure, DataError):
            await self._look_after_server(failure)
            await anyio.sleep(_PAUSE)
            return
        if isinstance(failure, EngineStuck) and engine.process.returncode is None:
            engine.process.kill()
        renewed = self._renewed
        if self._engine is engine:
            # If PostgreSQL is running and only this connection is broken, nothing is restarted.
            with anyio.move_on_after(_PAUSE):
                await renewed.wait()

    async def _look_after_server(self, failure: DataError) -> None:
        failed_at = anyio.current_time()
        async with self._mending:
            # One check is enough for all operations that failed before it.
            if self._looked_at > failed_at:
                return
            self._log_state(away=str(failure))
            try:
                if await self._server.ensure_running():
                    log.warning("the embedded PostgreSQL had died and was started again")
            except StartupError as error:
                log.warning("the embedded PostgreSQL could not be started again", reason=str(error))
            self._looked_at = anyio.current_time()

    def _log_state(self, *, away: str | None) -> None:
        """Log once that PostgreSQL is unavailable, or available again."""
        if away is not None and not self._away:
            log.warning("PostgreSQL does not answer", reason=away)
        if away is None and self._away:
            log.info("PostgreSQL answers again")
        self._away = away is not None
