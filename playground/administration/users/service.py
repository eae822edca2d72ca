"""Accounts, for administrators."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import msgspec

from playground.accounts.identity import User
from playground.accounts.last_administrator import NoOtherAdministrator
from playground.accounts.repository import Account, UserRepository
from playground.accounts.service import LastAdministrator
from playground.kit.announcements import Announcements
from playground.kit.errors import BadInput, NotFound
from playground.kit.text import clean

from .repository import AccountRepository, ListedAccount, Place, SortKey, UserFilter
from .schemas import Order, Sorting, UsageSoFar, UserChange, UserDetail, UserItem, UserPage

_SORT_KEYS: Mapping[Sorting, SortKey] = {
    "createdAt": "created_at",
    "lastLoginAt": "last_login_at",
    "name": "name",
    "email": "email",
    "sessions": "sessions",
}
_LAST = (
    "This is the only active administrator, so the account can't be deleted, locked or given another role. "
    "Make another user an administrator first."
)
_NEVER = "-infinity"
"""How PostgreSQL writes a time before all others."""


class UserNotFound(NotFound):
    """The account doesn't exist."""

    def __init__(self) -> None:
        super().__init__("This account doesn't exist.")


class UserAdministration:
    """Finds, changes and deletes accounts. Changes take effect immediately, on every replica."""

    def __init__(self, repository: AccountRepository, users: UserRepository, announcements: Announcements) -> None:
        self._repository = repository
        self._users = users
        self._announcements = announcements

    async def page(self, asked_by: str, wanted: UserFilter, *, sort: Sorting, order: Order, cursor: str | None, limit: int) -> UserPage:
        """Return a page of accounts. Raises `BadInput` for a cursor of another order."""
        key, after = _SORT_KEYS[sort], None if cursor is None else _read_cursor(cursor, sort, order)
        rows = await self._repository.page(asked_by, wanted, sort=key, descending=order == "desc", after=after, limit=limit + 1)
        return UserPage.of(
            rows,
            limit,
            item=lambda row: UserItem.model_validate(row, from_attributes=True),
            cursor=lambda row: _cursor(sort, order, row),
        )

    async def detail(self, user_id: str) -> UserDetail:
        """Return an account with its usage and counts. Raises `UserNotFound`."""
        account = await self._users.get(user_id)
        if account is None:
            raise UserNotFound
        return await self._detail(account)

    async def as_asker(self, user_id: str) -> User:
        """Return the account as the user of a request, with its role and limits. Raises `UserNotFound`."""
        account = await self._users.get(user_id)
        if account is None:
            raise UserNotFound
        return User(account.id, account.role, account.limits)

    async def change(self, user_id: str, change: UserChange, *, actor_id: str | None) -> UserDetail:
        """Change an account. Raises `UserNotFound`, `LastAdministrator`."""
        values = change.model_dump(exclude={"limits"}, exclude_none=True)
        if change.limits is not None:
            values["limits"] = change.limits.stored()
        try:
            changed = await self._repository.change(user_id, values, actor_id=actor_id)
        except NoOtherAdministrator:
            raise LastAdministrator(_LAST) from None
        if changed is None:
            raise UserNotFound
        if changed.keys() - {"name"}:
            await self._announcements.announce("user", user_id)
        return await self.detail(user_id)

    async def delete(self, user_id: str, *, actor_id: str | None) -> None:
        """Delete an account with everything in it. Raises `UserNotFound`, `LastAdministrator`."""
        try:
            deleted = await self._users.delete(user_id, actor_id=actor_id)
        except NoOtherAdministrator:
            raise LastAdministrator(_LAST) from None
        if not deleted:
            raise UserNotFound
        await self._announcements.announce("user", user_id)

    async def _detail(self, account: Account) -> UserDetail:
        belongings = await self._repository.belongings(account.id)
        usage = await self._repository.usage(account.id)
        return UserDetail(
            id=account.id,
            email=account.email,
            username=account.username,
            name=account.name,
            bio=account.bio,
            role=account.role,
            active=account.active,
            limits=dict(account.limits),
            created_at=account.created_at,
            last_login_at=account.last_login_at,
            usage=UsageSoFar.model_validate(usage, from_attributes=True),
            **asdict(belongings),
        )


def _cursor(sort: Sorting, order: Order, row: ListedAccount) -> str:
    place = msgspec.json.encode((sort, order, row.sort_key, row.id))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _read_cursor(cursor: str, sort: Sorting, order: Order) -> Place:
    """Decode a cursor. Whatever was sent, the sort key must have the type of the sorted column."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        its_sort, its_order, key, user_id = msgspec.json.decode(text, type=tuple[str, str, str, str])
        if (its_sort, its_order) != (sort, order):
            raise ValueError("of another order")
        if sort in ("createdAt", "lastLoginAt") and key != _NEVER:
            key = datetime.fromisoformat(key).isoformat()
        if sort == "sessions":
            key = str(max(0, min(int(key), 2**63 - 1)))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        detail = "should be the `nextCursor` of a page in the same order"
        raise BadInput.at("cursor", detail) from None
    return Place(clean(key), clean(user_id))
