"""The database queries on accounts for administrators."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from playground.accounts.last_administrator import administrator_stays
from playground.accounts.passwords.repository import end_logins
from playground.accounts.repository import Account
from playground.accounts.roles import Role
from playground.database.audit import Audit, differences
from playground.database.client import LIST_SECONDS, Database
from playground.database.generated import Json
from playground.database.like_patterns import containing
from playground.database.transactions import Transaction, in_transaction

SortKey = Literal["created_at", "last_login_at", "name", "email", "sessions"]

# The sort key of a list: an expression that is never null, and its type.
_SORT_KEYS: Mapping[SortKey, tuple[str, str]] = {
    "created_at": ("u.created_at", "timestamptz"),
    "last_login_at": ("coalesce(u.last_login_at, '-infinity')", "timestamptz"),
    "name": ("lower(u.name)", "text"),
    "email": ("coalesce(u.email, '')", "text"),
    "sessions": ("coalesce(n.sessions, 0)", "bigint"),
}

_PAGE = """
SELECT u.id, u.email, u.username, u.name, u.role::text AS role, u.active, u.limits, u.created_at, u.last_login_at,
       coalesce(n.sessions, 0) AS sessions, ({key})::text AS sort_key
FROM users u LEFT JOIN (SELECT user_id, count(*) AS sessions FROM sessions GROUP BY user_id) n ON n.user_id = u.id
WHERE ($1::text IS NULL OR u.email ILIKE $1 OR u.username ILIKE $1 OR u.name ILIKE $1)
  AND ($2::text IS NULL OR u.role::text = $2)
  AND ($3::boolean IS NULL OR u.active = $3)
  AND ($4::text IS NULL OR ({key}, u.id) {beyond} ($4::{type}, $5::text))
ORDER BY {key} {order}, u.id {order}
LIMIT $6::int
"""

_BELONGINGS = """
SELECT (SELECT count(*) FROM sessions WHERE user_id = $1) AS sessions,
       (SELECT count(*) FROM logins WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()) AS logins,
       (SELECT count(*) FROM api_keys WHERE user_id = $1) AS api_keys,
       (SELECT count(*) FROM provider_keys WHERE user_id = $1) AS provider_keys
"""

_USAGE = """
SELECT CASE WHEN day = today THEN day_requests ELSE 0 END AS day_requests,
       CASE WHEN month = this_month THEN month_requests ELSE 0 END AS month_requests,
       CASE WHEN month = this_month THEN month_tokens ELSE 0 END AS month_tokens,
       CASE WHEN month = this_month THEN month_cost ELSE 0 END AS month_cost,
       reserved_tokens, reserved_cost
FROM usage, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS this_month
WHERE user_id = $1
"""


_NARROW = "Filter the list by `q`, `role` or `active`, or sort it by another field."


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts to return; `None` doesn't filter."""

    text: str | None = None
    """A part of the email address, the username or the name, ignoring case."""
    role: Role | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The last account of a page: its sort key, as text, and its id."""

    sort_key: str
    user_id: str


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account in the list."""

    id: str
    email: str | None
    username: str | None
    name: str
    role: Role
    active: bool
    limits: dict[str, Any]
    created_at: datetime
    last_login_at: datetime | None
    sessions: int
    sort_key: str
    """The sort key as text."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """The numbers of an account's sessions, logins and keys."""

    sessions: int
    logins: int
    """Valid logins."""
    api_keys: int
    provider_keys: int


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What an account has used in the current day and month, and what its open runs have reserved."""

    day_requests: int = 0
    month_requests: int = 0
    month_tokens: int = 0
    month_cost: Decimal = Decimal(0)
    reserved_tokens: int = 0
    reserved_cost: Decimal = Decimal(0)


class AccountRepository:
    """Finds and changes accounts for administrators."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def page(
        self, asked_by: str, wanted: UserFilter, *, sort: SortKey, descending: bool, after: Place | None, limit: int
    ) -> list[ListedAccount]:
        """Return accounts in that order, starting after `after`."""
        key, key_type = _SORT_KEYS[sort]
        statement = _PAGE.format(key=key, type=key_type, beyond="<" if descending else ">", order="DESC" if descending else "ASC")
        pattern = None if wanted.text is None else containing(wanted.text)
        place = (after.sort_key, after.user_id) if after else (None, None)
        parameters = (pattern, wanted.role, wanted.active, *place, limit)
        rows = await self._database.read(asked_by, statement, *parameters, seconds=LIST_SECONDS, narrow=_NARROW)
        return msgspec.convert(rows, list[ListedAccount], strict=False)

    async def find(self, name: str) -> Account | None:
        """Return the account with this id, email address or username."""
        row = await self._database.run(
            lambda prisma: prisma.users.find_first(where={"OR": [{"id": name}, {"email": name.lower()}, {"username": name.lower()}]})
        )
        return None if row is None else Account.of(row)

    async def belongings(self, user_id: str) -> Belongings:
        """Return the numbers of an account's sessions, logins and keys."""
        [row] = await self._database.run(lambda prisma: prisma.query_raw(_BELONGINGS, user_id))
        return Belongings(**row)

    async def usage(self, user_id: str) -> AccountUsage:
        """Return what an account has used in the current day and month."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_USAGE, user_id))
        return AccountUsage(**rows[0]) if rows else AccountUsage()

    async def change(self, user_id: str, change: Mapping[str, Any], *, actor_id: str | None) -> dict[str, tuple[Any, Any]] | None:
        """Set `role`, `active`, `limits` or `name`, record it, and return what changed. `None`: the account doesn't exist.

        A locked user is logged out everywhere. Raises `NoOtherAdministrator` without changing anything.
        """

        async def write(transaction: Transaction) -> dict[str, tuple[Any, Any]] | None:
            async with administrator_stays(transaction, user_id):
                row = await transaction.users.find_unique(where={"id": user_id})
                if row is None:
                    return None
                changed = differences({field: getattr(row, field) for field in change}, change)
                values = {field: Json(after) if field == "limits" else after for field, (_, after) in changed.items()}
                if values:
                    await transaction.users.update(where={"id": user_id}, data=values)  # type: ignore[arg-type]
                if changed.get("active") == (True, False):
                    await end_logins(transaction, user_id)
                for action, field in _actions(changed):
                    await self._audit.record(actor_id, action, "user", user_id, {field: changed[field]}, within=transaction)
                return changed

        return await in_transaction(self._database, write)


def _actions(changed: Mapping[str, tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Return the action and the name of each changed field."""
    locked = "user.unlocked" if changed.get("active") == (False, True) else "user.locked"
    actions = {"role": "user.role_changed", "active": locked, "limits": "user.limits_changed", "name": "user.renamed"}
    return [(actions[field], field) for field in changed]
