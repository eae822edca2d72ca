"""Every database query about accounts; those about logins and invitations are in files of their own."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from prisma import Json, Prisma, models
from prisma.enums import Role
from prisma.errors import RawQueryError, UniqueViolationError

from playground.accounts.logins.repository import END_OTHER_LOGINS, INSERT_LOGIN, LoginRow
from playground.database import locks, sqlstate
from playground.database.audit import Audit, Changes
from playground.database.client import Database
from playground.database.transactions import in_transaction
from playground.kit.ids import new_id

from .account_statements import (
    CHANGE,
    END_RESETS,
    FORGET_INVITATIONS,
    HOLD_ACCOUNT,
    LAST_ADMINISTRATOR,
    OPEN_RESET,
    REPLACE_HASH,
    RESET_ACCOUNT,
    TAKE_INVITATION,
    TIDY,
    USE_RESET,
)

_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - the name of an action

T = TypeVar("T")


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
    role: Role = Role.user
    """Unless it is the first one, or an invitation says otherwise."""


class UserRepository:
    """Accounts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = Audit(database)

    async def create(
        self, account: NewAccount, *, invitation_hash: str | None = None, by_invitation: bool = False, at_terminal: bool = False
    ) -> models.users:
        """A new account; the first that can log in is the administrator, whether invited or not.

        `by_invitation`: the others need one. `at_terminal`: the operator makes it, which is recorded. Raises `Taken`, `NotInvited`,
        `InvitationUnusable`.
        """

        async def write(transaction: Prisma) -> models.users:
            first = await transaction.users.find_first(where={"NOT": [{"password_hash": None}]}) is None
            role = Role.admin if first else account.role
            if invitation_hash is not None:
                invitation = await transaction.query_raw(TAKE_INVITATION, invitation_hash, account.id, account.email)
                if not invitation:
                    raise InvitationUnusable
                role = Role.admin if first else Role(invitation[0]["role"])
            elif by_invitation and not first:
                raise NotInvited
            made = await transaction.users.create(
                data={
                    "id": account.id,
                    "email": account.email,
                    "username": account.username,
                    "name": account.name,
                    "password_hash": account.password_hash,
                    "role": role,
                }
            )
            if invitation_hash is not None:
                begun: Changes = {"email": (None, account.email), "role": (None, role.value), "invitation": (None, invitation[0]["id"])}
                await self._audit.record(account.id, "user.registered", "user", account.id, begun, within=transaction)
            if at_terminal:
                given: Changes = {"email": (None, account.email), "name": (None, account.name), "role": (None, role.value)}
                await self._audit.record(None, "user.created", "user", account.id, given, within=transaction)
            return made

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
            await self._database.run(lambda prisma: prisma.execute_raw(CHANGE, *parameters))
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.UNIQUE_VIOLATION:
                raise
            raise Taken("username") from None

    async def change_password(self, user_id: str, *, old_hash: str, new_hash: str, login: LoginRow) -> bool:
        """Another password; all logins end, and a new one begins. False: the old password was changed meanwhile."""
        event_id = new_id()

        async def write(transaction: Prisma) -> bool:
            # Statement by statement: a login with the old password that got in before the first is seen by the second.
            if not await transaction.execute_raw(REPLACE_HASH, user_id, old_hash, new_hash):
                return False
            await transaction.execute_raw(END_OTHER_LOGINS, user_id, login.id)
            await transaction.execute_raw(END_RESETS, user_id)
            await self._audit.record(user_id, _PASSWORD_CHANGED, "user", user_id, within=transaction, event_id=event_id)
            return bool(await transaction.query_raw(INSERT_LOGIN, *login.parameters(new_hash)))

        return await in_transaction(self._database, write)

    async def open_reset(self, reset_id: str, *, email: str, token_hash: str, expires_at: datetime, most_open: int) -> str | None:
        """Keep a request for a new password; whose it is. `None`: there is no such account, or it has `most_open` of them."""

        async def write(transaction: Prisma) -> str | None:
            rows = await transaction.query_raw(HOLD_ACCOUNT, email)
            if not rows:
                return None
            user_id = str(rows[0]["id"])
            kept = await transaction.execute_raw(OPEN_RESET, reset_id, user_id, token_hash, expires_at.isoformat(), most_open)
            return user_id if kept else None

        return await in_transaction(self._database, write)

    async def account_of_reset(self, token_hash: str) -> dict[str, str | None] | None:
        """`id`, `email` and `username` of the account that a reset which holds is for."""
        rows: list[dict[str, str | None]] = await self._database.run(lambda prisma: prisma.query_raw(RESET_ACCOUNT, token_hash))
        return rows[0] if rows else None

    async def reset_password(self, token_hash: str, new_hash: str) -> str | None:
        """Use a reset: another password, and all logins end. Whose it was; `None`: the reset does not hold any more."""
        event_id = new_id()

        async def write(transaction: Prisma) -> str | None:
            rows = await transaction.query_raw(USE_RESET, token_hash, new_hash)
            if not rows:
                return None
            user_id = str(rows[0]["user_id"])
            await transaction.users.update(where={"id": user_id}, data={"password_hash": new_hash})
            await transaction.execute_raw(END_OTHER_LOGINS, user_id, "")
            await transaction.execute_raw(END_RESETS, user_id)
            await self._audit.record(user_id, _PASSWORD_CHANGED, "user", user_id, within=transaction, event_id=event_id)
            return user_id

        return await in_transaction(self._database, write)

    async def delete(self, user_id: str) -> bool:
        """Delete an account with all that belongs to it. False: it is the last administrator among others."""

        async def write(transaction: Prisma) -> bool:
            rows = await transaction.query_raw(LAST_ADMINISTRATOR, user_id)
            if rows and rows[0]["last"]:
                return False
            row = await transaction.users.find_unique(where={"id": user_id})
            if row is not None:
                lost: Changes = {field: (getattr(row, field), None) for field in ("email", "username", "name", "role")}
                await self._audit.record(user_id, "user.deleted", "user", user_id, lost, within=transaction)
                await transaction.execute_raw(FORGET_INVITATIONS, user_id)
                await transaction.users.delete(where={"id": user_id})
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
        return sum([await self._database.run(lambda prisma, each=statement: prisma.execute_raw(each)) for statement in TIDY])  # type: ignore[misc]

    async def login(self, login_id: str) -> models.logins | None:
        """A login, with its account."""
        return await self._database.run(lambda prisma: prisma.logins.find_unique(where={"id": login_id}, include={"user": True}))

    async def api_key(self, key_hash: str) -> models.api_keys | None:
        """The API key with this hash, with its account."""
        return await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"hash": key_hash}, include={"user": True}))

    async def api_key_by_id(self, key_id: str) -> models.api_keys | None:
        """The API key with this id, with its account."""
        return await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"id": key_id}, include={"user": True}))

    async def _one_at_a_time(self, write: Callable[[Prisma], Awaitable[T]]) -> T:
        """A transaction beside which no other of this kind runs, over all replicas."""

        async def locked(transaction: Prisma) -> T:
            await locks.lock(transaction, locks.ACCOUNTS)
            return await write(transaction)

        return await in_transaction(self._database, locked)


def _taken_field(error: UniqueViolationError) -> Literal["email", "username"]:
    return "username" if "username" in str(error.data) else "email"
