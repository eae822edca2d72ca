"""The rule that the last administrator stays, for every change and deletion of an account, whoever asks for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playground.database import locks
from playground.database.transactions import Transaction

# Only accounts that can log in count. A locked one counts among those that have to be administered.
_ADMINISTERS = "SELECT id FROM users WHERE id = $1 AND role = 'admin' AND active AND password_hash IS NOT NULL"
_ADMINISTERED = """
SELECT NOT EXISTS (SELECT FROM users WHERE password_hash IS NOT NULL)
    OR EXISTS (SELECT FROM users WHERE role = 'admin' AND active AND password_hash IS NOT NULL) AS administered
"""


class NoOtherAdministrator(Exception):
    """Without this account, no one could administer the others."""


@asynccontextmanager
async def administrator_stays(transaction: Transaction, user_id: str) -> AsyncIterator[None]:
    """Check that what the block does to an account leaves an active administrator, as long as there is any account.

    Such transactions wait for each other and for the creation of accounts, over all replicas, so that two administrators who demote
    each other at the same time can't both succeed. Raises `NoOtherAdministrator`, which undoes the transaction.
    """
    await locks.lock(transaction, locks.ACCOUNTS)
    administered = bool(await transaction.query_raw(_ADMINISTERS, user_id))
    yield
    if administered:
        [row] = await transaction.query_raw(_ADMINISTERED)
        if not row["administered"]:
            raise NoOtherAdministrator
