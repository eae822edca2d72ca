"""Every query on accounts that administrators make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from prisma import Json, Prisma, models
from prisma.enums import Role

from playground.accounts import identity
from playground.accounts.account_statements import END_RESETS, FORGET_INVITATIONS
from playground.accounts.logins.repository import END_OTHER_LOGINS
from playground.database import locks
from playground.database.audit import Audit, Changes, differences
from playground.database.client import LIST_SECONDS, Database
from playground.database.like_patterns import containing

SortKey = Literal["created_at", "last_login_at", "name", "email", "sessions"]

# How a list is sorted: an expression that is never null, and its type.
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


_NARROW = "Narrow the list by `q`, `role` or `active`, or sort it by another field."


class NoOtherAdministrator(Exception):
    """Without this account nobody could administer the service any more."""


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts are wanted; `None` does not narrow."""

    text: str | None = None
    """Stands in the address, the username or the name, in any case of letters."""
    role: identity.Role | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The last account of a page: the value that it is sorted by, as text, and its id."""

    sort_key: str
    user_id: str


class AccountRepository:
    """Accounts, as administrators find and change them."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def page(
        self, asked_by: str, wanted: UserFilter, *, sort: SortKey, descending: bool, after: Place | None, limit: int
    ) -> list[dict[str, Any]]:
        """Accounts in that order, from the one after `after` on; each with its number of `sessions` and its `sort_key`."""
        key, key_type = _SORT_KEYS[sort]
        statement = _PAGE.format(key=key, type=key_type, beyond="<" if descending else ">", order="DESC" if descending else "ASC")
        pattern = None if wanted.text is None else containing(wanted.text)
        place = (after.sort_key, after.user_id) if after else (None, None)
        parameters = (pattern, wanted.role, wanted.active, *place, limit)
        return await self._database.read(asked_by, statement, *parameters, seconds=LIST_SECONDS, narrow=_NARROW)

    async def get(self, user_id: str) -> models.users | None:
        """An account."""
        return await self._database.run(lambda prisma: prisma.users.find_unique(where={"id": user_id}))

    async def find(self, name: str) -> models.users | None:
        """The account with this id, address or username."""
        return await self._database.run(
            lambda prisma: prisma.users.find_first(where={"OR": [{"id": name}, {"email": name.lower()}, {"username": name.lower()}]})
        )

    async def belongings(self, user_id: str) -> dict[str, int]:
        """How many `sessions`, present `logins`, `api_keys` and `provider_keys` it has."""
        [row] = await self._database.run(lambda prisma: prisma.query_raw(_BELONGINGS, user_id))
        return dict(row)

    async def usage(self, user_id: str) -> dict[str, Any] | None:
        """What it has used in the present day and month; `None`: nothing yet."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_USAGE, user_id))
        return dict(rows[0]) if rows else None

    async def change(self, user_id: str, change: Mapping[str, Any], *, actor_id: str | None) -> dict[str, tuple[Any, Any]] | None:
        """Set `role`, `active`, `limits` or `name`, and record it; what changed by that. `None`: there is no such account.

        Whoever is locked is logged out everywhere. Raises `NoOtherAdministrator`, and nothing is changed then.
        """

        async def write(prisma: Prisma) -> dict[str, tuple[Any, Any]] | None:
            async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=10)) as transaction:
                await keep_an_administrator(
                    transaction, user_id, stays=change.get("role", "admin") == "admin" and change.get("active", True)
                )
                row = await transaction.users.find_unique(where={"id": user_id})
                if row is None:
                    return None
                changed = differences({field: getattr(row, field) for field in change}, change)
                values = {field: Json(after) if field == "limits" else after for field, (_, after) in changed.items()}
                if values:
                    await transaction.users.update(where={"id": user_id}, data=values)  # type: ignore[arg-type]
                if changed.get("active") == (True, False):
                    await _end_logins(transaction, user_id)
                for action, field in _actions(changed):
                    await self._audit.record(actor_id, action, "user", user_id, {field: changed[field]}, within=transaction)
                return changed

        return await self._database.run(write)

    async def delete(self, user_id: str, *, actor_id: str | None, event_id: str) -> bool:
        """Delete an account with everything in it, and record it; whether there was one. Raises `NoOtherAdministrator`."""

        async def write(prisma: Prisma) -> bool:
            async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=20)) as transaction:
                await keep_an_administrator(transaction, user_id, stays=False)
                row = await transaction.users.find_unique(where={"id": user_id})
                if row is None:
                    # Perhaps by the attempt before this one, whose answer got lost.
                    return await transaction.audit_events.count(where={"id": event_id}) > 0
                lost: Changes = {field: (getattr(row, field), None) for field in ("email", "username", "name", "role")}
                await self._audit.record(actor_id, "user.deleted", "user", user_id, lost, within=transaction, event_id=event_id)
                await transaction.execute_raw(FORGET_INVITATIONS, user_id)
                await transaction.users.delete(where={"id": user_id})
                return True

        return await self._database.run(write)

    async def set_password(self, user_id: str, password_hash: str, *, actor_id: str | None, event_id: str) -> None:
        """Another password; whoever is logged in with the old one is not any more."""

        async def write(prisma: Prisma) -> None:
            async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=10)) as transaction:
                await transaction.users.update(where={"id": user_id}, data={"password_hash": password_hash})
                await _end_logins(transaction, user_id)
                await self._audit.record(actor_id, "user.password_changed", "user", user_id, within=transaction, event_id=event_id)

        await self._database.run(write)


async def keep_an_administrator(transaction: Prisma, user_id: str, *, stays: bool) -> None:
    """In a transaction that changes or deletes an account: makes sure that an active administrator is left when it is through.

    `stays`: the account will be one if it is one now. Such transactions wait for each other, and for accounts that are made or deleted
    by their owners, over all replicas: two administrators who demote each other at once can't both succeed. Raises
    `NoOtherAdministrator`.
    """
    await locks.lock(transaction, locks.ACCOUNTS)
    if stays:
        return
    where: Any = {"role": Role.admin, "active": True, "NOT": [{"password_hash": None}]}
    administrators = await transaction.users.find_many(where=where, take=2)
    if [row.id for row in administrators] == [user_id]:
        raise NoOtherAdministrator


async def _end_logins(transaction: Prisma, user_id: str) -> None:
    """With the links for a new password, which would begin another."""
    await transaction.execute_raw(END_OTHER_LOGINS, user_id, "")
    await transaction.execute_raw(END_RESETS, user_id)


def _actions(changed: Mapping[str, tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Under which action each changed field is recorded."""
    locked = "user.unlocked" if changed.get("active") == (False, True) else "user.locked"
    actions = {"role": "user.role_changed", "active": locked, "limits": "user.limits_changed", "name": "user.renamed"}
    return [(actions[field], field) for field in changed]
