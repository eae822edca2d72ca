"""The database queries on accounts. Those on logins, passwords and invitations have their own files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, cast

from playground.database import locks, sqlstate
from playground.database.audit import Audit, Changes
from playground.database.client import Database
from playground.database.generated import Json, enums, models
from playground.database.generated.errors import RawQueryError, UniqueViolationError
from playground.database.transactions import Transaction, in_transaction
from playground.kit.ids import new_id

from .account_statements import CHANGE, DELETE_EXPIRED, FORGET_INVITATIONS, TAKE_INVITATION
from .last_administrator import administrator_stays
from .roles import Role


@dataclass(frozen=True, slots=True)
class Account:
    """An account."""

    id: str
    email: str | None
    username: str | None
    name: str
    bio: str
    preferences: Mapping[str, Any]
    password_hash: str | None
    """`None`: no one can log in with a password."""
    role: Role
    active: bool
    limits: Mapping[str, Any]
    """Limits that an administrator set instead of the role's."""
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, row: models.users) -> Self:
        """Return the account of a row."""
        return cls(
            row.id,
            row.email,
            row.username,
            row.name,
            row.bio,
            dict(row.preferences),
            row.password_hash,
            cast("Role", row.role),  # The client gives the name of the role.
            row.active,
            dict(row.limits),
            row.created_at,
            row.last_login_at,
        )


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """A login and its account."""

    account: Account
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyAccount:
    """An API key and its account."""

    id: str
    account: Account
    scopes: Sequence[str]
    expires_at: datetime | None


class Taken(Exception):
    """An account with this email address or username exists."""

    def __init__(self, field: Literal["email", "username"]) -> None:
        super().__init__(field)
        self.field = field


class NotInvited(Exception):
    """Registration needs an invitation, and the request has none."""


class InvitationUnusable(Exception):
    """The invitation is unknown, used, expired, or for another address."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The fields of a new account."""

    id: str
    email: str
    username: str | None
    name: str
    password_hash: str
    role: Role = "user"
    """The role, unless it is the first account or an invitation has another role."""


class UserRepository:
    """Accounts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = Audit(database)

    async def create(
        self, account: NewAccount, *, invitation_hash: str | None = None, by_invitation: bool = False, at_terminal: bool = False
    ) -> Account:
        """Create an account. The first that can log in becomes the administrator, whether invited or not.

        `by_invitation`: the others need an invitation. `at_terminal`: the operator creates it, which is recorded. Raises `Taken`,
        `NotInvited`, `InvitationUnusable`.
        """

        async def write(transaction: Transaction) -> Account:
            # One at a time, over all replicas, so that only one is the first.
            await locks.lock(transaction, locks.ACCOUNTS)
            first = await transaction.users.find_first(where={"NOT": [{"password_hash": None}]}) is None
            role: Role = "admin" if first else account.role
            if invitation_hash is not None:
                invitation = await transaction.query_raw(TAKE_INVITATION, invitation_hash, account.id, account.email)
                if not invitation:
                    raise InvitationUnusable
                role = "admin" if first else invitation[0]["role"]
            elif by_invitation and not first:
                raise NotInvited
            made = await transaction.users.create(
                data={
                    "id": account.id,
                    "email": account.email,
                    "username": account.username,
                    "name": account.name,
                    "password_hash": account.password_hash,
                    "role": enums.Role(role),
                }
            )
            if invitation_hash is not None:
                begun: Changes = {"email": (None, account.email), "role": (None, role), "invitation": (None, invitation[0]["id"])}
                await self._audit.record(account.id, "user.registered", "user", account.id, begun, within=transaction)
            if at_terminal:
                given: Changes = {"email": (None, account.email), "name": (None, account.name), "role": (None, role)}
                await self._audit.record(None, "user.created", "user", account.id, given, within=transaction)
            return Account.of(made)

        try:
            return await in_transaction(self._database, write)
        except UniqueViolationError as error:
            # An attempt whose response got lost may have created it: then it has our id.
            made = await self.get(account.id)
            if made is None:
                raise Taken(_taken_field(error)) from None
            return made

    async def get(self, user_id: str) -> Account | None:
        """Return the account with this id."""
        return _account(await self._database.run(lambda prisma: prisma.users.find_unique(where={"id": user_id})))

    async def find(self, name: str) -> Account | None:
        """Return the account with this email address or username, in lower case. Usernames contain no @."""
        if "@" in name:
            return _account(await self._database.run(lambda prisma: prisma.users.find_unique(where={"email": name})))
        return _account(await self._database.run(lambda prisma: prisma.users.find_unique(where={"username": name})))

    async def change(
        self, user_id: str, *, name: str | None, bio: str | None, username: tuple[str | None] | None, preferences: Mapping[str, Any]
    ) -> None:
        """Change the fields that are not `None`, and the given preferences. Raises `Taken`."""
        given = username if username is not None else (None,)
        parameters = (user_id, name, bio, username is not None, given[0], json.dumps(preferences))
        try:
            await self._database.run(lambda prisma: prisma.execute_raw(CHANGE, *parameters))
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.UNIQUE_VIOLATION:
                raise
            raise Taken("username") from None

    async def delete(self, user_id: str, *, actor_id: str | None) -> bool:
        """Delete an account with everything in it, and record it. Return whether it existed. Raises `NoOtherAdministrator`."""
        event_id = new_id()

        async def write(transaction: Transaction) -> bool:
            async with administrator_stays(transaction, user_id):
                row = await transaction.users.find_unique(where={"id": user_id})
                if row is None:
                    return await self._audit.happened(event_id, within=transaction)
                lost: Changes = {field: (getattr(row, field), None) for field in ("email", "username", "name", "role")}
                await self._audit.record(actor_id, "user.deleted", "user", user_id, lost, within=transaction, event_id=event_id)
                await transaction.execute_raw(FORGET_INVITATIONS, user_id)
                await transaction.users.delete(where={"id": user_id})
                return True

        return await in_transaction(self._database, write)

    async def first_administrator(self) -> Account | None:
        """Return the oldest administrator."""
        return _account(
            await self._database.run(
                lambda prisma: prisma.users.find_first(where={"role": enums.Role.admin, "active": True}, order={"id": "asc"})
            )
        )

    async def terminal_user(self, user_id: str, limits: Mapping[str, Any]) -> Account:
        """Return the account without a login that the terminal uses, and create it if necessary."""
        limits_json = Json(dict(limits))
        return Account.of(
            await self._database.run(
                lambda prisma: prisma.users.upsert(
                    where={"id": user_id},
                    data={"create": {"id": user_id, "name": "Terminal", "limits": limits_json}, "update": {"limits": limits_json}},
                )
            )
        )

    async def delete_expired(self) -> int:
        """Delete logins, resets and invitations that expired more than a day ago. Return how many."""
        return sum([await self._database.run(lambda prisma, each=statement: prisma.execute_raw(each)) for statement in DELETE_EXPIRED])  # type: ignore[misc]

    async def login(self, login_id: str) -> LoginAccount | None:
        """Return a login with its account."""
        row = await self._database.run(lambda prisma: prisma.logins.find_unique(where={"id": login_id}, include={"user": True}))
        return LoginAccount(Account.of(row.user), row.revoked_at) if row is not None and row.user is not None else None

    async def api_key(self, key_hash: str) -> KeyAccount | None:
        """Return the API key with this hash, with its account."""
        return _key(await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"hash": key_hash}, include={"user": True})))

    async def api_key_by_id(self, key_id: str) -> KeyAccount | None:
        """Return the API key with this id, with its account."""
        return _key(await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"id": key_id}, include={"user": True})))


def _account(row: models.users | None) -> Account | None:
    return None if row is None else Account.of(row)


def _key(row: models.api_keys | None) -> KeyAccount | None:
    if row is None or row.user is None:
        return None
    return KeyAccount(row.id, Account.of(row.user), row.scopes, row.expires_at)


def _taken_field(error: UniqueViolationError) -> Literal["email", "username"]:
    return "username" if "username" in str(error.data) else "email"
