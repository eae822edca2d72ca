"""The database as the rest of the service uses it: Prisma, which comes back by itself when its engine or PostgreSQL was away."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import aiohttp
import anyio
import anyio.abc
import structlog

from playground.database.engine.process import Engine, EngineStuck, running_engine
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
"""How long an operation is tried again while the database is away; seconds."""
_PAUSE = 0.1
_HEALTH_TIMEOUT = 1.0
_UNREACHABLE = "P1001"
"""The code that our engine gives to everything that happened to the connection and not to the query (`engine/failures.mjs`)."""
"""PostgreSQL ended a statement whose time was up."""
LIST_SECONDS = 2.0
"""How long PostgreSQL may work on a page of a list."""
REPORT_SECONDS = 10.0
"""How long it may work on what adds up or reads out much: a report, a part of an export."""
_ENGINE_AWAY = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, EngineStuck, NotConnectedError)

T = TypeVar("T")
log = structlog.get_logger()


class DatabaseAway(Unavailable):
    """The database did not come back in time."""

    title = "The database is unavailable"
    code = "database_away"


class Database:
    """Access to the database. Made by `Database.open`."""

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
        """The database of `settings`, running and migrated. Raises `StartupError` with what is wrong and what to do."""
        async with open_server(settings) as server:
            database = cls(server, settings.database_pool_size)
            async with alongside(database._keep_engine):
                await bring_up_to_date(database._running_engine())
                yield database

    async def run(self, operation: Callable[[Prisma], Awaitable[T]]) -> T:
        """What `operation` returns, given a client.

        While the engine or PostgreSQL is away, `operation` is run again until it succeeds, so it may happen more than once: it has
        to leave the same behind if it does, as with ids that are made before, upserts, or one transaction. It must not use the
        client after it has ended.

        Raises `DatabaseAway` when that takes more than `RETRY_SECONDS`, and `TooSlow` when PostgreSQL ended a statement because it took too
        long. What else goes wrong, as a unique value that exists already, comes out at once as `operation` raised it.
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
        """The rows of a SELECT that may take long, for the user `owner`: at most `seconds` of PostgreSQL, and in their share of the pool.

        Raises `DatabaseAway`, and `TooSlow`, which says how to `narrow` the request.
        """
        # The query engine's program reads this comment (`engine/time_limits.mjs`).
        limited = f"/* at most {int(seconds * 1000)} ms */ {statement}"
        async with self._shares.turn(owner):
            try:
                return await self.run(lambda client: client.query_raw(limited, *parameters))
            except TooSlow as error:
                raise TooSlow(f"The database took more than {seconds:g} s for this request. {narrow}") from error

    async def healthy(self) -> bool:
        """Whether the database answers. Takes at most about a second."""
        with anyio.move_on_after(_HEALTH_TIMEOUT):
            try:
                await self.run(lambda client: client.query_raw("SELECT 1"))
            except (DatabaseAway, PrismaError):
                return False
            return True
        return False

    @property
    def engine_running(self) -> bool:
        """Whether the query engine's process lives at this moment."""
        return self._engine is not None and not self._engine.ended.is_set()

    @property
    def engine_restarts(self) -> int:
        """How often the query engine died and was started again."""
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
        """Does what can be done about `failure`, and returns when it is worth trying again."""
        if isinstance(failure, DataError):
            await self._look_after_server(failure)
            await anyio.sleep(_PAUSE)
            return
        if isinstance(failure, EngineStuck) and engine.process.returncode is None:
            engine.process.kill()
        renewed = self._renewed
        if self._engine is engine:
            # It may be alive after all, and only this connection be broken: then nothing is renewed.
            with anyio.move_on_after(_PAUSE):
                await renewed.wait()

    async def _look_after_server(self, failure: DataError) -> None:
        failed_at = anyio.current_time()
        async with self._mending:
            # One look is enough for all who failed before it.
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
        """Logs that PostgreSQL is away, or that it is back, once."""
        if away is not None and not self._away:
            log.warning("PostgreSQL does not answer", reason=away)
        if away is None and self._away:
            log.info("PostgreSQL answers again")
        self._away = away is not None
