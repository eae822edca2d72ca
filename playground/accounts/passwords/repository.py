"""The database queries on passwords and password resets."""

from dataclasses import dataclass
from datetime import datetime

from playground.accounts.logins.repository import END_OTHER_LOGINS, INSERT_LOGIN, LoginRow
from playground.database.audit import Audit
from playground.database.client import Database
from playground.database.transactions import Transaction, in_transaction
from playground.kit.ids import new_id

_CHANGED = "user.password_changed"

# No one else knows the new hash. Finding it means that an earlier attempt succeeded and its response got lost.
_REPLACE_HASH = """
UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND active AND (password_hash = $2 OR password_hash = $3)
"""

_END_RESETS = "UPDATE password_resets SET used_at = now() WHERE user_id = $1 AND used_at IS NULL"

# Locks the account until the reset is stored, so that concurrent resets for one account are counted.
_LOCK_ACCOUNT = "SELECT id FROM users WHERE email = $1 AND active FOR NO KEY UPDATE"

# Limits the number of valid reset mails for one account, however many are requested.
_OPEN_RESET = """
INSERT INTO password_resets (id, user_id, token_hash, expires_at)
SELECT $1, $2, $3, $4::timestamptz
WHERE $5::int > (SELECT count(*) FROM password_resets WHERE user_id = $2 AND id <> $1 AND used_at IS NULL AND expires_at > now())
ON CONFLICT (id) DO UPDATE SET token_hash = EXCLUDED.token_hash
"""

_RESET_ACCOUNT = """
SELECT account.email, account.username FROM password_resets reset JOIN users account ON account.id = reset.user_id
WHERE reset.token_hash = $1 AND reset.used_at IS NULL AND reset.expires_at > now() AND account.active
"""

_USE_RESET = """
UPDATE password_resets reset SET used_at = now()
WHERE reset.token_hash = $1 AND reset.expires_at > now()
  AND (reset.used_at IS NULL OR EXISTS (SELECT FROM users WHERE users.id = reset.user_id AND users.password_hash = $2))
RETURNING reset.user_id
"""


@dataclass(frozen=True, slots=True)
class ResetAccount:
    """The account of a reset, with the names that its new password must differ from."""

    email: str | None
    username: str | None


class PasswordRepository:
    """Passwords in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = Audit(database)

    async def change(self, user_id: str, *, old_hash: str, new_hash: str, login: LoginRow) -> bool:
        """Set a new password, end all logins, and create a new one. False: the old password was changed meanwhile."""
        event_id = new_id()

        async def write(transaction: Transaction) -> bool:
            # The second statement sees logins with the old password that were created before the first one.
            if not await transaction.execute_raw(_REPLACE_HASH, user_id, old_hash, new_hash):
                return False
            await end_logins(transaction, user_id, but=login.id)
            await self._audit.record(user_id, _CHANGED, "user", user_id, within=transaction, event_id=event_id)
            return bool(await transaction.query_raw(INSERT_LOGIN, *login.parameters(new_hash)))

        return await in_transaction(self._database, write)

    async def set(self, user_id: str, new_hash: str, *, actor_id: str | None) -> None:
        """Set a new password for an administrator or the operator, and end all logins."""
        event_id = new_id()

        async def write(transaction: Transaction) -> None:
            await transaction.users.update(where={"id": user_id}, data={"password_hash": new_hash})
            await end_logins(transaction, user_id)
            await self._audit.record(actor_id, _CHANGED, "user", user_id, within=transaction, event_id=event_id)

        await in_transaction(self._database, write)

    async def open_reset(self, reset_id: str, *, email: str, token_hash: str, expires_at: datetime, most_open: int) -> str | None:
        """Store a password reset, and return the user's id. `None`: the account doesn't exist, or has `most_open` resets."""

        async def write(transaction: Transaction) -> str | None:
            rows = await transaction.query_raw(_LOCK_ACCOUNT, email)
            if not rows:
                return None
            user_id = str(rows[0]["id"])
            kept = await transaction.execute_raw(_OPEN_RESET, reset_id, user_id, token_hash, expires_at.isoformat(), most_open)
            return user_id if kept else None

        return await in_transaction(self._database, write)

    async def account_of_reset(self, token_hash: str) -> ResetAccount | None:
        """Return the account of a valid reset."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_RESET_ACCOUNT, token_hash))
        return ResetAccount(**rows[0]) if rows else None

    async def use_reset(self, token_hash: str, new_hash: str) -> str | None:
        """Use a reset: set a new password, end all logins, and return the user's id. `None`: the reset is no longer valid."""
        event_id = new_id()

        async def write(transaction: Transaction) -> str | None:
            rows = await transaction.query_raw(_USE_RESET, token_hash, new_hash)
            if not rows:
                return None
            user_id = str(rows[0]["user_id"])
            await transaction.users.update(where={"id": user_id}, data={"password_hash": new_hash})
            await end_logins(transaction, user_id)
            await self._audit.record(user_id, _CHANGED, "user", user_id, within=transaction, event_id=event_id)
            return user_id

        return await in_transaction(self._database, write)


async def end_logins(transaction: Transaction, user_id: str, *, but: str = "") -> None:
    """End all logins of an account, except the one with the id `but`, and its password resets, which could create a login."""
    await transaction.execute_raw(END_OTHER_LOGINS, user_id, but)
    await transaction.execute_raw(_END_RESETS, user_id)
