"""Every database query about logins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prisma import models

from playground.database.client import Database

# The account's row is written first, so that this waits for whoever changes the password or locks the account, and sees it.
INSERT_LOGIN = """
WITH account AS (
  UPDATE users SET last_login_at = now() WHERE id = $2 AND active AND password_hash IS NOT DISTINCT FROM $7 RETURNING id),
began AS (
  INSERT INTO logins (id, user_id, refresh_id, expires_at, address, user_agent)
  SELECT $1, account.id, $3, $4::timestamptz, $5, $6 FROM account
  ON CONFLICT (id) DO NOTHING)
SELECT id FROM account
"""

END_OTHER_LOGINS = "UPDATE logins SET revoked_at = now() WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL"

# Of several that come with the same token one gets it: the others wait for its row, and find another id there. `$3` is this call's own,
# so finding that means that it ran before, and its answer got lost.
_ROTATE = """
UPDATE logins SET refresh_id = $3, expires_at = $4::timestamptz, address = $5, user_agent = $6, last_used_at = now()
FROM users
WHERE logins.id = $1 AND logins.refresh_id IN ($2, $3) AND logins.revoked_at IS NULL AND users.id = logins.user_id AND users.active
RETURNING logins.user_id
"""

# Not the very token that holds: a call that was refused for another reason must not end the login.
_END_REUSED = "UPDATE logins SET revoked_at = now() WHERE id = $1 AND refresh_id <> $2 AND revoked_at IS NULL"

_END = "UPDATE logins SET revoked_at = COALESCE(revoked_at, now()) WHERE id = $1 AND user_id = $2"


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A login that begins, or goes on with another refresh token."""

    id: str
    user_id: str
    refresh_id: str
    expires_at: datetime
    address: str | None
    user_agent: str | None

    def parameters(self, password_hash: str | None) -> tuple[Any, ...]:
        """Of `INSERT_LOGIN`; the account must still have that password."""
        return (self.id, self.user_id, self.refresh_id, self.expires_at.isoformat(), self.address, self.user_agent, password_hash)


class LoginRepository:
    """Logins in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, login: LoginRow, password_hash: str | None) -> bool:
        """Keep a login that begins. False: the account is gone or locked, or its password is another one by now."""
        return bool(await self._database.run(lambda prisma: prisma.query_raw(INSERT_LOGIN, *login.parameters(password_hash))))

    async def rotate(self, login: LoginRow, used_refresh_id: str) -> bool:
        """Let `login.refresh_id` hold in place of the one that was used. False: that one did not hold."""
        parameters = (login.id, used_refresh_id, login.refresh_id, login.expires_at.isoformat(), login.address, login.user_agent)
        return bool(await self._database.run(lambda prisma: prisma.query_raw(_ROTATE, *parameters)))

    async def end_reused(self, login_id: str, used_refresh_id: str) -> bool:
        """End a login if that refresh token of it is not the one that holds; whether it ended by this."""
        return await self._database.run(lambda prisma: prisma.execute_raw(_END_REUSED, login_id, used_refresh_id)) > 0

    async def end(self, user_id: str, login_id: str) -> bool:
        """End one login of that user; whether there was such a one."""
        return await self._database.run(lambda prisma: prisma.execute_raw(_END, login_id, user_id)) > 0

    async def end_others(self, user_id: str, login_id: str) -> None:
        """End all logins of that user but this one."""
        await self._database.run(lambda prisma: prisma.execute_raw(END_OTHER_LOGINS, user_id, login_id))

    async def page(self, user_id: str, now: datetime, *, cursor: str | None, limit: int) -> list[models.logins]:
        """The logins of that user that hold at `now`, newest first, from the one after `cursor` on."""
        where: Any = {"user_id": user_id, "revoked_at": None, "expires_at": {"gt": now}}
        if cursor is not None:
            where["id"] = {"lt": cursor}
        return await self._database.run(lambda prisma: prisma.logins.find_many(where=where, order={"id": "desc"}, take=limit))
