"""The database queries on API keys and users' keys for providers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, Self, cast

from playground.accounts.identity import Scope
from playground.database import sqlstate
from playground.database.audit import Audit
from playground.database.client import Database
from playground.database.generated import models
from playground.database.generated.errors import ForeignKeyViolationError, RawQueryError
from playground.database.transactions import Transaction, in_transaction
from playground.kit.errors import NotAuthenticated
from playground.kit.ids import new_id

_API_KEY, _PROVIDER_KEY = "api_key", "provider_key"

_STORE_LAST_USES = """
UPDATE api_keys SET last_used_at = used.at
FROM jsonb_to_recordset($1::jsonb) AS used(id text, at timestamptz)
WHERE api_keys.id = used.id AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.at)
"""

_PUT_PROVIDER_KEY = """
INSERT INTO provider_keys (user_id, provider, ciphertext, base_url, hint, updated_at)
VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (user_id, provider) DO UPDATE
SET ciphertext = excluded.ciphertext, base_url = excluded.base_url, hint = excluded.hint, updated_at = excluded.updated_at
"""

_PROVIDER_KEYS_AFTER = """
SELECT user_id, provider, ciphertext, base_url FROM provider_keys
WHERE (user_id, provider) > ($1, $2) ORDER BY user_id, provider LIMIT $3::int
"""

# As SQL, because the client would set `updated_at` as for a change by the user.
_RESEAL = "UPDATE provider_keys SET ciphertext = $4 WHERE user_id = $1 AND provider = $2 AND ciphertext = $3"


class TooManyRows(Exception):
    """The user has the maximum number."""


@dataclass(frozen=True, slots=True)
class StoredApiKey:
    """An API key. Only its hash is stored."""

    id: str
    name: str
    prefix: str
    scopes: Sequence[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: models.api_keys) -> Self:
        """Return the key of a row."""
        scopes = cast("list[Scope]", row.scopes)
        return cls(row.id, row.name, row.prefix, scopes, row.created_at, row.expires_at, row.last_used_at)


class ApiKeyRepository:
    """API keys in the database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def create(
        self,
        key_id: str,
        *,
        user_id: str,
        name: str,
        prefix: str,
        key_hash: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        most: int,
    ) -> StoredApiKey:
        """Create a key for a user who has fewer than `most`, even with concurrent requests, and record it.

        Raises `TooManyRows`, and `NotAuthenticated` if the account no longer exists.
        """
        begun = {"name": (None, name), "prefix": (None, prefix), "scopes": (None, list(scopes))}

        async def write(transaction: Transaction) -> StoredApiKey:
            # Only one request at a time creates a key for this user, so that the count is exact.
            await transaction.query_raw("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
            made = await transaction.api_keys.find_unique(where={"id": key_id})
            if made is not None:  # By an attempt whose response got lost.
                return StoredApiKey.of(made)
            if await transaction.api_keys.count(where={"user_id": user_id}) >= most:
                raise TooManyRows
            made = await transaction.api_keys.create(
                data={
                    "id": key_id,
                    "user_id": user_id,
                    "name": name,
                    "prefix": prefix,
                    "hash": key_hash,
                    "scopes": list(scopes),
                    "expires_at": expires_at,
                }
            )
            await self._audit.record(user_id, "api_key.created", _API_KEY, key_id, begun, within=transaction)
            return StoredApiKey.of(made)

        try:
            return await in_transaction(self._database, write)
        except ForeignKeyViolationError:
            _account_gone()

    async def all_of(self, user_id: str) -> list[StoredApiKey]:
        """Return a user's keys, newest first."""
        rows = await self._database.run(lambda prisma: prisma.api_keys.find_many(where={"user_id": user_id}, order={"id": "desc"}))
        return [StoredApiKey.of(row) for row in rows]

    async def get(self, user_id: str, key_id: str) -> StoredApiKey | None:
        """Return a key of the user."""
        row = await self._database.run(lambda prisma: prisma.api_keys.find_first(where={"id": key_id, "user_id": user_id}))
        return None if row is None else StoredApiKey.of(row)

    async def delete(self, user_id: str, key_id: str) -> bool:
        """Delete a key of the user, and record it. Return whether it existed."""
        event_id = new_id()

        async def write(transaction: Transaction) -> bool:
            row = await transaction.api_keys.find_first(where={"id": key_id, "user_id": user_id})
            if row is None or not await transaction.api_keys.delete_many(where={"id": key_id}):
                return await self._audit.happened(event_id, within=transaction)
            lost = {"name": (row.name, None), "prefix": (row.prefix, None)}
            await self._audit.record(user_id, "api_key.revoked", _API_KEY, key_id, lost, within=transaction, event_id=event_id)
            return True

        return await in_transaction(self._database, write)

    async def store_last_uses(self, uses: Mapping[str, datetime]) -> None:
        """Store when keys, by id, were last used."""
        rows = json.dumps([{"id": key_id, "at": moment.isoformat()} for key_id, moment in uses.items()])
        await self._database.run(lambda prisma: prisma.execute_raw(_STORE_LAST_USES, rows))


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A user's key for a provider, encrypted."""

    user_id: str
    provider: str
    ciphertext: str
    base_url: str | None

    @property
    def context(self) -> tuple[str, str, str | None]:
        """Return the encryption context: a key must not be used by another user, for another provider, or at another address."""
        return self.user_id, self.provider, self.base_url


@dataclass(frozen=True, slots=True)
class StoredProviderKey:
    """A user's key for a provider as its owner sees it."""

    sealed: SealedKey
    hint: str
    """The key's last characters."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: models.provider_keys) -> Self:
        """Return the key of a row."""
        sealed = SealedKey(row.user_id, row.provider, row.ciphertext, row.base_url)
        return cls(sealed, row.hint, row.created_at, row.updated_at)


class ProviderKeyRepository:
    """Users' keys for providers in the database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def all_of(self, user_id: str) -> list[StoredProviderKey]:
        """Return a user's keys, sorted by provider."""
        rows = await self._database.run(
            lambda prisma: prisma.provider_keys.find_many(where={"user_id": user_id}, order={"provider": "asc"})
        )
        return [StoredProviderKey.of(row) for row in rows]

    async def get(self, user_id: str, provider: str) -> StoredProviderKey | None:
        """Return a user's key for the provider."""
        row = await self._database.run(lambda prisma: prisma.provider_keys.find_first(where={"user_id": user_id, "provider": provider}))
        return None if row is None else StoredProviderKey.of(row)

    async def put(self, key: SealedKey, hint: str) -> None:
        """Store a key, replace the previous one, and record it. Raises `NotAuthenticated` if the account no longer exists."""
        row = (key.user_id, key.provider, key.ciphertext, key.base_url, hint)
        event_id = new_id()

        async def write(transaction: Transaction) -> None:
            await transaction.execute_raw(_PUT_PROVIDER_KEY, *row)
            await self._audit.record(key.user_id, "provider_key.stored", _PROVIDER_KEY, key.provider, within=transaction, event_id=event_id)

        try:
            await in_transaction(self._database, write)
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.FOREIGN_KEY_VIOLATION:
                raise
            _account_gone()

    async def delete(self, user_id: str, provider: str) -> bool:
        """Delete a key, and record it. Return whether it existed."""
        event_id = new_id()

        async def write(transaction: Transaction) -> bool:
            if not await transaction.provider_keys.delete_many(where={"user_id": user_id, "provider": provider}):
                return await self._audit.happened(event_id, within=transaction)
            await self._audit.record(user_id, "provider_key.deleted", _PROVIDER_KEY, provider, within=transaction, event_id=event_id)
            return True

        return await in_transaction(self._database, write)

    async def after(self, user_id: str, provider: str, limit: int) -> list[SealedKey]:
        """Return keys of all users in order, starting after `user_id` and `provider`."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_PROVIDER_KEYS_AFTER, user_id, provider, limit))
        return [SealedKey(**row) for row in rows]

    async def reseal(self, key: SealedKey, ciphertext: str) -> None:
        """Store the same key, encrypted again, unless it was changed meanwhile."""
        row = (key.user_id, key.provider, key.ciphertext, ciphertext)
        await self._database.run(lambda prisma: prisma.execute_raw(_RESEAL, *row))


def _account_gone() -> NoReturn:
    raise NotAuthenticated("This account no longer exists.") from None
