"""The database queries on logins."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playground.database.client import Database

# The account's row is written first, so that this statement waits for a concurrent change of the password or a lock, and sees it.
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

LEEWAY_SECONDS = 10
"""How long after its rotation a refresh token is still accepted (RFC 9700, 4.14.2, leaves such a leeway to the server)."""

# Of several concurrent calls with the same token, one rotates it: the others wait for its row and find another id. `$3` is unique
# to this call, so finding it means that an earlier attempt succeeded and its response got lost. Rotated tokens are stored for the
# length of the leeway.
_ROTATE = """
UPDATE logins SET refresh_id = $3, expires_at = $4::timestamptz, address = $5, user_agent = $6, last_used_at = now(),
  rotated = jsonb_build_object($2::text, floor(extract(epoch FROM now()) * 1000)) || COALESCE((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(logins.rotated)
    WHERE value::numeric > extract(epoch FROM now()) * 1000 - $7::double precision * 1000), '{}')
FROM users
WHERE logins.id = $1 AND logins.refresh_id IN ($2, $3) AND logins.revoked_at IS NULL AND users.id = logins.user_id AND users.active
RETURNING logins.user_id
"""

# `$3` is the leeway plus the time that the request has waited: a slow database must not turn a quick reload into a late one.
_SUCCESSOR = """
SELECT logins.refresh_id, floor(extract(epoch FROM logins.expires_at))::bigint::text AS expires_at
FROM logins JOIN users ON users.id = logins.user_id
WHERE logins.id = $1 AND logins.revoked_at IS NULL AND users.active
  AND (logins.rotated ->> $2)::numeric > (extract(epoch FROM now()) - $3::double precision) * 1000
"""

# Only for a token that is no longer valid: a call that was refused for another reason must not end the login.
_END_REUSED = "UPDATE logins SET revoked_at = now() WHERE id = $1 AND refresh_id <> $2 AND revoked_at IS NULL"

_END = "UPDATE logins SET revoked_at = COALESCE(revoked_at, now()) WHERE id = $1 AND user_id = $2"


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A new login, or a login with a new refresh token."""

    id: str
    user_id: str
    refresh_id: str
    expires_at: datetime
    address: str | None
    user_agent: str | None

    def parameters(self, password_hash: str | None) -> tuple[Any, ...]:
        """Return the parameters of `INSERT_LOGIN`, which fails if the account's password has changed."""
        return (self.id, self.user_id, self.refresh_id, self.expires_at.isoformat(), self.address, self.user_agent, password_hash)


@dataclass(frozen=True, slots=True)
class Successor:
    """The valid refresh token that replaced a recently rotated one."""

    refresh_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ValidLogin:
    """A valid login as its user sees it."""

    id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None


class LoginRepository:
    """Logins in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, login: LoginRow, password_hash: str | None) -> bool:
        """Store a new login. False: the account is deleted or locked, or its password has changed."""
        return bool(await self._database.run(lambda prisma: prisma.query_raw(INSERT_LOGIN, *login.parameters(password_hash))))

    async def rotate(self, login: LoginRow, used_refresh_id: str) -> bool:
        """Replace the used refresh token by `login.refresh_id`. False: the used one was not valid."""
        renewed = (login.refresh_id, login.expires_at.isoformat(), login.address, login.user_agent)
        parameters = (login.id, used_refresh_id, *renewed, LEEWAY_SECONDS)
        return bool(await self._database.run(lambda prisma: prisma.query_raw(_ROTATE, *parameters)))

    async def successor(self, login_id: str, used_refresh_id: str, waited_seconds: float) -> Successor | None:
        """Return the valid token that replaced one that was rotated within the leeway before the request arrived."""
        seconds = LEEWAY_SECONDS + waited_seconds
        rows = await self._database.run(lambda prisma: prisma.query_raw(_SUCCESSOR, login_id, used_refresh_id, seconds))
        return Successor(rows[0]["refresh_id"], datetime.fromtimestamp(int(rows[0]["expires_at"]), UTC)) if rows else None

    async def end_reused(self, login_id: str, used_refresh_id: str) -> bool:
        """End a login if that refresh token is not its valid one. Return whether this ended it."""
        return await self._database.run(lambda prisma: prisma.execute_raw(_END_REUSED, login_id, used_refresh_id)) > 0

    async def end(self, user_id: str, login_id: str) -> bool:
        """End one login of the user. Return whether it existed."""
        return await self._database.run(lambda prisma: prisma.execute_raw(_END, login_id, user_id)) > 0

    async def end_others(self, user_id: str, login_id: str) -> None:
        """End all logins of the user except this one."""
        await self._database.run(lambda prisma: prisma.execute_raw(END_OTHER_LOGINS, user_id, login_id))

    async def page(self, user_id: str, now: datetime, *, cursor: str | None, limit: int) -> list[ValidLogin]:
        """Return the user's logins that are valid at `now`, newest first, starting after `cursor`."""
        where: Any = {"user_id": user_id, "revoked_at": None, "expires_at": {"gt": now}}
        if cursor is not None:
            where["id"] = {"lt": cursor}
        rows = await self._database.run(lambda prisma: prisma.logins.find_many(where=where, order={"id": "desc"}, take=limit))
        return [ValidLogin(row.id, row.created_at, row.last_used_at, row.expires_at, row.address, row.user_agent) for row in rows]
