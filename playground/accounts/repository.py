"""Every database query about accounts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from prisma import Json, Prisma, models
from prisma.enums import Role
from prisma.errors import UniqueViolationError

from playground.database.client import Database

# Any number that nothing else in this database locks.
_FIRST_ACCOUNT_LOCK = 7_140_218


class EmailTaken(Exception):
    """There is an account with this address."""


class UserRepository:
    """Accounts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, user_id: str, *, email: str, name: str, password_hash: str) -> models.users:
        """A new account; the first that can log in is the administrator. Raises `EmailTaken`."""

        async def write(prisma: Prisma) -> models.users:
            async with prisma.tx(max_wait=timedelta(seconds=5), timeout=timedelta(seconds=10)) as transaction:
                # One registration at a time decides who is first, over all replicas.
                await transaction.query_raw("SELECT pg_advisory_xact_lock($1::bigint)::text", _FIRST_ACCOUNT_LOCK)
                first = await transaction.users.find_first(where={"NOT": [{"password_hash": None}]}) is None
                role = Role.admin if first else Role.user
                return await transaction.users.create(
                    data={"id": user_id, "email": email, "name": name, "password_hash": password_hash, "role": role}
                )

        try:
            return await self._database.run(write)
        except UniqueViolationError:
            # An attempt whose answer got lost may have made it: then it is there under our id.
            made = await self.get(user_id)
            if made is None:
                raise EmailTaken from None
            return made

    async def get(self, user_id: str) -> models.users | None:
        """The account with this id."""
        return await self._database.run(lambda prisma: prisma.users.find_unique(where={"id": user_id}))

    async def find_by_email(self, email: str) -> models.users | None:
        """The account with this address, in lower case."""
        return await self._database.run(lambda prisma: prisma.users.find_unique(where={"email": email}))

    async def create_login(
        self, login_id: str, *, user_id: str, refresh_id: str, expires_at: datetime, address: str | None, user_agent: str | None
    ) -> None:
        """Keep a login that begins."""
        row = {
            "user_id": user_id,
            "refresh_id": refresh_id,
            "expires_at": expires_at,
            "address": address,
            "user_agent": user_agent,
        }
        await self._database.run(
            lambda prisma: prisma.logins.upsert(where={"id": login_id}, data={"create": {"id": login_id, **row}, "update": {}})  # type: ignore[typeddict-item]
        )

    async def login(self, login_id: str) -> models.logins | None:
        """A login, with its account."""
        return await self._database.run(lambda prisma: prisma.logins.find_unique(where={"id": login_id}, include={"user": True}))

    async def api_key(self, key_hash: str) -> models.api_keys | None:
        """The API key with this hash, with its account."""
        return await self._database.run(lambda prisma: prisma.api_keys.find_unique(where={"hash": key_hash}, include={"user": True}))

    async def first_administrator(self) -> models.users | None:
        """The oldest account that administers."""
        return await self._database.run(lambda prisma: prisma.users.find_first(where={"role": Role.admin}, order={"id": "asc"}))

    async def terminal_user(self, user_id: str, limits: Mapping[str, Any]) -> models.users:
        """The account without a login that the terminal uses, made when it is not there."""
        own = Json(dict(limits))
        return await self._database.run(
            lambda prisma: prisma.users.upsert(
                where={"id": user_id},
                data={"create": {"id": user_id, "name": "Terminal", "limits": own}, "update": {"limits": own}},
            )
        )
