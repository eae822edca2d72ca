"""The rule that an administrator must remain, for every change and deletion of an account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playground.database import locks
from playground.database.transactions import Transaction

# Only accounts that can log in count. A locked account also needs an administrator.
_ADMINISTERS = "SELECT id FROM users WHERE id = $1 AND role = 'admin' AND active AND password_hash IS NOT NULL"
_ADMINISTERED = """
SELECT NOT EXISTS (SELECT FROM users WHERE password_hash IS NOT NULL)
    OR EXISTS (SELECT FROM users WHERE role = 'admin' AND active AND password_hash IS NOT NULL) AS administered
"""


class NoOtherAdministrator(Exception):
    """The account is the last administrator, and there are other accounts."""


@asynccontextmanager
async def administrator_stays(transaction: Transaction, user_id: str) -> AsyncIterator[None]:
    """Check that an active administrator remains after the changes in the block, as long as there are any accounts.

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
