"""Writes that are kept together or not at all."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from playground.database.generated import Prisma

from .client import Database

T = TypeVar("T")

Transaction = Prisma
"""The client that a transaction gives: what is done with it is kept together or not at all."""


async def in_transaction(database: Database, write: Callable[[Transaction], Awaitable[T]]) -> T:
    """What `write` returns, given a transaction. It may run more than once: see `Database.run`. What it raises undoes all of it."""

    async def run(prisma: Prisma) -> T:
        async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=25)) as transaction:
            return await write(transaction)

    return await database.run(run)
