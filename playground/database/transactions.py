"""Transactions."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from playground.database.generated import Prisma

from .client import Database

T = TypeVar("T")

Transaction = Prisma
"""The client of a transaction: its changes are all stored, or none."""


async def in_transaction(database: Database, write: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run `write` in a transaction, and return its result. It may run more than once: see `Database.run`. An exception undoes it."""

    async def run(prisma: Prisma) -> T:
        async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=25)) as transaction:
            return await write(transaction)

    return await database.run(run)
