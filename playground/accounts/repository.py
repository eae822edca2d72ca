"""Every database query about accounts and invitations; those about logins are in `login_repository.py`."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from prisma import Json, Prisma, models
from prisma.enums import Role
from prisma.errors import RawQueryError, UniqueViolationError

from playground.database.client import Database

from .login_repository import END_OTHER_LOGINS, INSERT_LOGIN, LoginRow

# Any number that nothing else in this database locks: held while it is decided who is first, or who is the last administrator.
_ACCOUNTS_LOCK = 7_140_218
_UNIQUE_VIOLATION = "23505"

T = TypeVar("T")

_CHANGE = """
UPDATE users SET name = COALESCE($2, name), bio = COALESCE($3, bio), username = CASE WHEN $4::boolean THEN $5 ELSE username END,
  preferences = preferences || $6::jsonb, updated_at = now()
WHERE id = $1
"""

_TAKE_INVITATION = """
UPDATE invitations SET used_at = now(), used_by = $2
WHERE token_hash = $1 AND (used_by IS NULL OR used_by = $2) AND expires_at > now() AND (email IS NULL OR email = $3)
RETURNING role::text AS role
"""

# The new hash is known to nobody else, so finding it means that this ran before, and its answer got lost.
_REPLACE_HASH = """
UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND active AND (password_hash = $2 OR password_hash = $3)
"""

_END_RESETS = "UPDATE password_resets SET used_at = now() WHERE user_id = $1 AND used_at IS NULL"

# At most so many mails are on their way to one person at a time, however often somebody asks for them.
_OPEN_RESET = """
INSERT INTO password_resets (id, user_id, token_hash, expires_at)
SELECT $1, account.id, $3, $4::timestamptz FROM users account
WHERE account.email = $2 AND account.active AND $5::int > (
  SELECT count(*) FROM password_resets open
  WHERE open.user_id = account.id AND open.id <> $1 AND open.used_at IS NULL AND open.expires_at > now())
ON CONFLICT (id) DO UPDATE SET token_hash = EXCLUDED.token_hash
RETURNING user_id
"""

_RESET_ACCOUNT = """
SELECT account.id, account.email, account.username FROM password_resets reset JOIN users account ON account.id = reset.user_id
WHERE reset.token_hash = $1 AND reset.used_at IS NULL AND reset.expires_at > now() AND account.active
"""

_USE_RESET = """
UPDATE password_resets reset SET used_at = now()
WHERE reset.token_hash = $1 AND reset.expires_at > now()
  AND (reset.used_at IS NULL OR EXISTS (SELECT FROM users WHERE users.id = reset.user_id AND users.password_hash = $2))
RETURNING reset.user_id
"""

_LAST_ADMINISTRATOR = """
SELECT account.role = 'admin'
  AND NOT EXISTS (SELECT FROM users other WHERE other.id <> account.id AND other.role = 'admin' AND other.active
                    AND other.password_hash IS NOT NULL)
  AND EXISTS (SELECT FROM users other WHERE other.id <> account.id AND other.password_hash IS NOT NULL) AS last
FROM users account WHERE account.id = $1
"""

_FORGET_INVITATIONS = "DELETE FROM invitations WHERE used_by = $1 OR email = (SELECT email FROM users WHERE id = $1)"

_INVITE = """
INSERT INTO invitations (id, token_hash, email, role, invited_by, expires_at) VALUES ($1, $2, $3, $4::"Role", $5, $6::timestamptz)
ON CONFLICT (id) DO NOTHING
"""

# Tokens are refused when they are expired. What they were is kept a day longer: an access token may outlive its login's refresh token.
_TIDY = (
    "DELETE FROM logins WHERE expires_at < now() - interval '1 day' OR revoked_at < now() - interval '1 day'",
    "DELETE FROM password_resets WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM invitations WHERE expires_at < now() - interval '1 day'",
)


class Taken(Exception):
    """There is an account with this address or username."""

    def __init__(self, field: Literal["email", "username"]) -> None:
        super().__init__(field)
        self.field = field


class NotInvited(Exception):
    """An invitation is needed, and none came."""


class InvitationUnusable(Exception):
    """The invitation is unknown, used, expired, or for another address."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account begins with."""

    id: str
    email: str
    username: str | None
    name: str
    password_hash: str


class UserRepository:
    """Accounts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, account: NewAccount, *, invitation_hash: str | None, by_invitation: bool) -> models.users:
        """A new account; the first that can log in is the administrator, whether invited or not.

        `by_invitation`: the others need one. Raises `Taken`, `NotInvited`, `InvitationUnusable`.
        """

        async def write(transaction: Prisma) -> models.users:
            first = await transaction.users.find_first(where={"NOT": [{"password_hash": None}]}) is None
            role = Role.admin if first else Role.user
            if invitation_hash is not None:
                invitation = await transaction.query_raw(_TAKE_INVITATION, invitation_hash, account.id, account.email)
                if not invitation:
                    raise InvitationUnusable
                role = Role.admin if first else Role(invitation[0]["role"])
            elif by_invitation and not first:
                raise NotInvited
            return await transaction.users.create(
                data={
                    "id": account.id,
                    "email": account.email,
                    "username": account.username,
                    "name": account.name,
                    "password_hash": account.password_hash,
                    "role": role,
                }
            )

        try:
            return await self._one_at_a_time(write)
        except UniqueViolationError as error:
            # An attempt whose answer got lost may have made it: then it is there under our id.
            made = await self.get(account.id)
            if made is None:
                raise Taken(_taken_field(error)) from None
            return made

    async def get(self, user_id: str) -> models.users | None:
        """The account with this id."""
        return await self._database.run(lambda prisma: prisma.users.find_unique(where={"id": user_id}))

    async def find(self, name: str) -> models.users | None:
        """The account with this address or username, in lower case. No username has an @."""
        if "@" in name:
            return await self._database.run(lambda prisma: prisma.users.find_unique(where={"email": name}))
        return await self._database.run(lambda prisma: prisma.users.find_unique(where={"username": name}))

    async def change(
        self, user_id: str, *, name: str | None, bio: str | None, username: tuple[str | None] | None, preferences: Mapping[str, Any]
    ) -> None:
        """Change what is not `None`, and of the preferences what is given. Raises `Taken`."""
        given = username if username is not None else (None,)
        parameters = (user_id, name, bio, username is not None, given[0], json.dumps(preferences))
        try:
            await self._database.run(lambda prisma: prisma.execute_raw(_CHANGE, *parameters))
        except RawQueryError as error:
            if error.meta["code"] != _UNIQUE_VIOLATION:
                raise
            raise Taken("username") from None

    async def change_password(self, user_id: str, *, old_hash: str, new_hash: str, login: LoginRow) -> bool:
        """Another password; all logins end, and a new one begins. False: the old password was changed meanwhile."""

        async def write(transaction: Prisma) -> bool:
            # Statement by statement: a login with the old password that got in before the first is seen by the second.
            if not await transaction.execute_raw(_REPLACE_HASH, user_id, old_hash, new_hash):
                return False
            await transaction.execute_raw(END_OTHER_LOGINS, user_id, login.id)
            await transaction.execute_raw(_END_RESETS, user_id)
            return bool(await transaction.query_raw(INSERT_LOGIN, *login.parameters(new_hash)))

        return await self._transaction(write)

    async def open_reset(self, reset_id: str, *, email: str, token_hash: str, expires_at: datetime, most_open: int) -> str | None:
        """Keep a request for a new password; whose it is. `None`: there is no such account, or it has `most_open` of them."""
        parameters = (reset_id, email, token_hash, expires_at.isoformat(), most_open)
        rows = await self._database.run(lambda prisma: prisma.query_raw(_OPEN_RESET, *parameters))
        return str(rows[0]["user_id"]) if rows else None

    async def account_of_reset(self, token_hash: str) -> dict[str, str | None] | None:
        """`id`, `email` and `username` of the account that a reset which holds is for."""
        rows: list[dict[str, str | None]] = await self._database.run(lambda prisma: prisma.query_raw(_RESET_ACCOUNT, token_hash))
        return rows[0] if rows else None

    async def reset_password(self, token_hash: str, new_hash: str) -> str | None:
        """Use a reset: another password, and all logins end. Whose it was; `None`: the reset does not hold any more."""

        async def write(transaction: Prisma) -> str | None:
            rows = await transaction.query_raw(_USE_RESET, token_hash, new_hash)
            if not rows:
                return None
            user_id = str(rows[0]["user_id"])
            await transaction.users.update(where={"id": user_id}, data={"password_hash": new_hash})
            await transaction.execute_raw(END_OTHER_LOGINS, user_id, "")
            await transaction.execute_raw(_END_RESETS, user_id)
            return user_id

        return await self._transaction(write)

    async def delete(self, user_id: str) -> bool:
        """Delete an account with all that belongs to it. False: it is the last administrator among others."""

        async def write(transaction: Prisma) -> bool:
            rows = await transaction.query_raw(_LAST_ADMINISTRATOR, user_id)
            if rows and rows[0]["last"]:
                return False
            await transaction.execute_raw(_FORGET_INVITATIONS, user_id)
            await transaction.users.delete_many(where={"id": user_id})
            return True

        return await self._one_at_a_time(write)

    async def first_administrator(self) -> models.users | None:
        """The oldest account that administers."""
        return await self._database.run(
            lambda prisma: prisma.users.find_first(where={"role": Role.admin, "active": True}, order={"id": "asc"})
        )

    async def terminal_user(self, user_id: str, limits: Mapping[str, Any]) -> models.users:
        """The account without a login that the terminal uses, made when it is not there."""
        own = Json(dict(limits))
        return await self._database.run(
            lambda prisma: prisma.users.upsert(
                where={"id": user_id},
                data={"create": {"id": user_id, "name": "Terminal", "limits": own}, "update": {"limits": own}},
            )
        )

    async def tidy(self) -> int:
        """Delete logins, resets and invitations that have been over for a day; how many."""
        return sum([await self._database.run(lambda prisma, each=statement: prisma.execute_raw(each)) for statement in _TIDY])  # type: ignore[misc]

    async def login(self, login_id: str) -> models.logins | None:
        """A login, with its account."""
        return await self._database.run(lambda prisma: prisma.logins.find_unique(where={"id": login_id}, include={"user": True}))

    async def api_key(self, key_hash: str) -> models.api_keys | None:
        """The API key with this hash, with its account."""
        return await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"hash": key_hash}, include={"user": True}))

    async def api_key_by_id(self, key_id: str) -> models.api_keys | None:
        """The API key with this id, with its account."""
        return await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"id": key_id}, include={"user": True}))

    async def _transaction(self, write: Callable[[Prisma], Awaitable[T]]) -> T:
        async def run(prisma: Prisma) -> T:
            async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=25)) as transaction:
                return await write(transaction)

        return await self._database.run(run)

    async def _one_at_a_time(self, write: Callable[[Prisma], Awaitable[T]]) -> T:
        """A transaction beside which no other of this kind runs, over all replicas."""

        async def locked(transaction: Prisma) -> T:
            await transaction.query_raw("SELECT pg_advisory_xact_lock($1::bigint)::text", _ACCOUNTS_LOCK)
            return await write(transaction)

        return await self._transaction(locked)


class InvitationRepository:
    """Invitations in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, invitation_id: str, *, token_hash: str, email: str | None, role: str, invited_by: str, expires_at: datetime
    ) -> models.invitations:
        """Keep an invitation."""
        parameters = (invitation_id, token_hash, email, role, invited_by, expires_at.isoformat())
        await self._database.run(lambda prisma: prisma.execute_raw(_INVITE, *parameters))
        return await self._database.run(lambda prisma: prisma.invitations.find_unique_or_raise(where={"id": invitation_id}))

    async def page(self, *, cursor: str | None, limit: int) -> list[models.invitations]:
        """Invitations, newest first, from the one after `cursor` on."""
        where: Any = {} if cursor is None else {"id": {"lt": cursor}}
        return await self._database.run(lambda prisma: prisma.invitations.find_many(where=where, order={"id": "desc"}, take=limit))

    async def delete(self, invitation_id: str) -> bool:
        """Delete an invitation; whether there was such a one."""
        return await self._database.run(lambda prisma: prisma.invitations.delete_many(where={"id": invitation_id})) > 0


def _taken_field(error: UniqueViolationError) -> Literal["email", "username"]:
    return "username" if "username" in str(error.data) else "email"
