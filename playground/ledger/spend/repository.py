"""Every database query about `spend`."""

from dataclasses import dataclass
from decimal import Decimal

from playground.database import locks
from playground.database.client import Database
from playground.database.transactions import Transaction, in_transaction

from .statements import ADD_UP, ANYTHING_NEW, CHECK, IS_AHEAD, RENUMBER_CHARGES, RESTART_PROGRESS, TRY_LOCK

_CHECK_SECONDS = 35.0


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the books agree with each other."""

    charges: int
    not_added_up: int
    """Charges that reports read directly, because `spend` doesn't contain them yet."""
    missing_rows: int
    """Rows that `spend` should have according to the charges, and doesn't."""
    wrong_rows: int
    """Rows that `spend` has and shouldn't."""
    answers_without_charge: int
    other_costs: int
    """Answers whose charges come to something else than their cost."""
    paid: Decimal
    """US dollars, charged to the service's keys, of all time."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing_rows or self.wrong_rows or self.answers_without_charge or self.other_costs)


class SpendRepository:
    """`spend` in the database. Every call may be repeated (see `Database.run`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_up(self) -> int:
        """Add up the charges of ended transactions; return how many. 0 if another process is doing it. Raises `Unavailable`."""
        [row] = await self._database.run(lambda prisma: prisma.query_raw(ANYTHING_NEW))
        return await in_transaction(self._database, _add_up) if row["new"] else 0

    async def renumber_if_restored(self) -> bool:
        """Continue with this PostgreSQL's transaction numbers if the database comes from another one; return whether it does.

        To be called before anything is charged.
        """
        return await in_transaction(self._database, _renumber_if_restored)

    async def check(self) -> Check:
        """Compare `spend` with the charges, and the charges with the answers. Raises `TooSlow`, `Unavailable`."""
        [row] = await self._database.read("ledger check", CHECK, seconds=_CHECK_SECONDS, narrow="")
        return Check(**{**row, "paid": Decimal(row["paid"])})


async def _add_up(transaction: Transaction) -> int:
    [lock] = await transaction.query_raw(TRY_LOCK, locks.LEDGER)
    if not lock["ours"]:
        return 0
    [added] = await transaction.query_raw(ADD_UP)
    return int(added["charges"])


async def _renumber_if_restored(transaction: Transaction) -> bool:
    [row] = await transaction.query_raw(IS_AHEAD)
    if not row["ahead"]:
        return False
    await locks.lock(transaction, locks.LEDGER)
    [row] = await transaction.query_raw(IS_AHEAD)
    if row["ahead"]:
        await transaction.execute_raw(RENUMBER_CHARGES)
        await transaction.execute_raw(RESTART_PROGRESS)
    return bool(row["ahead"])
