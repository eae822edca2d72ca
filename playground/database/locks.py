"""The numbers of PostgreSQL's advisory locks, with which replicas exclude each other. The numbers are arbitrary, but must not change."""

from playground.database.generated import Prisma

ACCOUNTS = 7_140_218
"""Changes of accounts that affect who is an administrator."""
RESERVATIONS = 7_140_219
"""Releasing the reservations of processes that died."""
MODEL_SETTINGS = 7_140_221
"""Changes of models' settings."""
LEDGER = 7_140_222
"""Adding up charges."""
MIGRATIONS = 7_415_926_535


async def lock(transaction: Prisma, number: int) -> None:
    """Wait for a lock, which the transaction holds until it ends."""
    await transaction.query_raw("SELECT pg_advisory_xact_lock($1::bigint)::text", number)
