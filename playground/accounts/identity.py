"""The identity behind a token or an API key, cached so that most requests need no query."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from playground.accounts.logins.signed_tokens import Tokens
from playground.kit.announcements import Announcements
from playground.kit.cache import Cache
from playground.kit.errors import NotAuthenticated

from .repository import Account, KeyAccount, UserRepository
from .roles import Role

_LONGEST_KEY = 200
"""Maximum length of an API key in characters. This service's keys are shorter than 60; longer ones are not looked up."""

Scope = Literal["stream", "sessions:read", "sessions:write", "models:read", "reports:read"]
"""What an API key can be used for."""


@dataclass(frozen=True, slots=True)
class User:
    """The user of a request, and the user's rights."""

    id: str
    role: Role
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Limits that an administrator set instead of the role's."""
    login_id: str | None = None
    """The login that the access token belongs to."""
    key_id: str | None = None
    """The API key that was used."""
    scopes: frozenset[str] | None = None
    """The scopes of the API key; `None`: all, as with a login."""
    ticket_id: str | None = None
    """The stream ticket that was used."""


@dataclass(frozen=True, slots=True)
class _Known:
    user: User
    expires_at: datetime | None


class Identities:
    """Finds users by their tokens and keys. Changes of accounts, logins and keys are announced and take effect immediately."""

    def __init__(
        self,
        repository: UserRepository,
        tokens: Tokens,
        announcements: Announcements,
        *,
        key_used: Callable[[str], None] | None = None,
        user_seen: Callable[[str], object] | None = None,
    ) -> None:
        """`key_used` is called with the id of each valid API key that is used, `user_seen` with the id of each user that is loaded.

        Neither may take any time.
        """
        self._repository = repository
        self._tokens = tokens
        self._key_used = key_used
        self._user_seen = user_seen
        self._logins = Cache(self._load_login, announcements)
        self._keys = Cache(self._load_key, announcements)
        self._keys_by_id = Cache(self._load_key_by_id, announcements)
        announcements.listen("user", self._user_changed)
        announcements.listen("login", lambda changed: self._logins.remove(changed) if changed else self._user_changed(None))
        announcements.listen("api_key", self._key_changed)

    def _user_changed(self, changed: str | None) -> None:
        for cache in (self._logins, self._keys, self._keys_by_id):
            cache.remove_where(lambda known: changed in (None, known.user.id))

    def _key_changed(self, changed: str | None) -> None:
        for cache in (self._keys, self._keys_by_id):
            cache.remove_where(lambda known: changed in (None, known.user.key_id))

    async def of_access_token(self, token: str) -> User:
        """Return the user of an access token. Raises `NotAuthenticated` if it is not valid, or no longer."""
        return await self.of_login(self._tokens.read(token, "access").login_id)

    async def of_login(self, login_id: str) -> User:
        """Return the user of a login. Raises `NotAuthenticated` if it has ended."""
        known = await self._logins.get(login_id)
        if known is None:
            raise NotAuthenticated("This login has ended. Log in again.")
        return known.user

    async def of_api_key(self, key: str) -> User:
        """Return the user of an API key. Raises `NotAuthenticated`."""
        known = await self._keys.get(hashlib.sha256(key.encode()).hexdigest()) if len(key) <= _LONGEST_KEY else None
        return self._used(_holding(known))

    async def of_key_id(self, key_id: str) -> User:
        """Return the user whose API key has this id. Raises `NotAuthenticated` if it is no longer valid."""
        return self._used(_holding(await self._keys_by_id.get(key_id)))

    def _used(self, user: User) -> User:
        if self._key_used is not None and user.key_id is not None:
            self._key_used(user.key_id)
        return user

    async def _load_login(self, login_id: str) -> _Known | None:
        login = await self._repository.login(login_id)
        if login is None or login.revoked_at is not None or not login.account.active:
            return None
        return self._seen(_of_login(login_id, login.account))

    async def _load_key(self, key_hash: str) -> _Known | None:
        return self._of_key(await self._repository.api_key(key_hash))

    async def _load_key_by_id(self, key_id: str) -> _Known | None:
        return self._of_key(await self._repository.api_key_by_id(key_id))

    def _of_key(self, key: KeyAccount | None) -> _Known | None:
        if key is None or not key.account.active:
            return None
        user = User(key.account.id, key.account.role, key.account.limits, key_id=key.id, scopes=frozenset(key.scopes))
        return self._seen(_Known(user, key.expires_at))

    def _seen(self, known: _Known) -> _Known:
        if self._user_seen is not None:
            self._user_seen(known.user.id)
        return known


def _holding(known: _Known | None) -> User:
    if known is None or (known.expires_at is not None and known.expires_at <= datetime.now(UTC)):
        raise NotAuthenticated("The API key is not valid: it is unknown, revoked or expired.")
    return known.user


def _of_login(login_id: str, account: Account) -> _Known:
    return _Known(User(account.id, account.role, account.limits, login_id=login_id), None)
