"""Adds charges up, behind the answers that wrote them."""

import random
from datetime import timedelta

import anyio
import structlog
from prisma import Prisma

from playground.database import locks
from playground.database.client import Database
from playground.kit.errors import Unavailable

from .statements import ADD_UP, ANYTHING_NEW, TRY_LOCK

_PAUSE_SECONDS = 5.0
_MAX_SECONDS = 30.0
"""How long PostgreSQL may work on one round."""

_logger = structlog.get_logger(__name__)


class Adder:
    """Fills `spend`. Of several processes, one does it at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_forever(self) -> None:
        """Add up new charges every few seconds, until the service ends."""
        while True:
            try:
                await self.add_up()
            except Unavailable:
                pass  # The charges stay, and reports read them directly.
            except Exception:
                _logger.exception("charges_not_added_up")
            await anyio.sleep(_PAUSE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret

    async def add_up(self) -> int:
        """Add up the charges of ended transactions; return how many. 0 if another process is doing it. Raises `Unavailable`."""
        [row] = await self._database.run(lambda prisma: prisma.query_raw(ANYTHING_NEW))
        return await self._database.run(_add_up) if row["new"] else 0


async def _add_up(prisma: Prisma) -> int:
    async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=_MAX_SECONDS)) as transaction:
        [lock] = await transaction.query_raw(TRY_LOCK, locks.LEDGER)
        if not lock["ours"]:
            return 0
        [added] = await transaction.query_raw(ADD_UP)
        return int(added["charges"])
