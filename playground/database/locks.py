"""PostgreSQL's advisory locks: the numbers under which replicas exclude each other. The numbers have no meaning, but must stay."""

from playground.database.generated import Prisma

ACCOUNTS = 7_140_218
"""Changes of accounts that decide who is an administrator."""
RESERVATIONS = 7_140_219
"""Giving back the reservations of processes that died."""
MODEL_SETTINGS = 7_140_221
"""Decisions of administrators about models."""
MIGRATIONS = 7_415_926_535


async def lock(transaction: Prisma, number: int) -> None:
    """Wait for a lock, which the transaction keeps until its end."""
    await transaction.query_raw("SELECT pg_advisory_xact_lock($1::bigint)::text", number)
