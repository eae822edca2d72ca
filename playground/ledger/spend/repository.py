"""Every database query about `spend`."""

from playground.database import locks
from playground.database.client import Database
from playground.database.transactions import Transaction, in_transaction

from .statements import ADD_UP, ANYTHING_NEW, TRY_LOCK


class SpendRepository:
    """`spend` in the database. Every call may be repeated (see `Database.run`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_up(self) -> int:
        """Add up the charges of ended transactions; return how many. 0 if another process is doing it. Raises `Unavailable`."""
        [row] = await self._database.run(lambda prisma: prisma.query_raw(ANYTHING_NEW))
        return await in_transaction(self._database, _add_up) if row["new"] else 0


async def _add_up(transaction: Transaction) -> int:
    [lock] = await transaction.query_raw(TRY_LOCK, locks.LEDGER)
    if not lock["ours"]:
        return 0
    [added] = await transaction.query_raw(ADD_UP)
    return int(added["charges"])
