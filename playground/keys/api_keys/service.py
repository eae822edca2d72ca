"""Creates, lists and revokes API keys."""

import hashlib
import secrets

from playground.accounts.authorization import API_KEY_PREFIX
from playground.keys.repository import ApiKeyRepository, StoredApiKey, TooManyRows
from playground.keys.schemas import ApiKey, ApiKeyList, MadeApiKey, NewApiKey
from playground.kit.announcements import Announcements
from playground.kit.errors import Conflict, NotFound
from playground.kit.ids import new_id

MOST_API_KEYS = 50
_RANDOM_BYTES = 40
_VISIBLE_CHARACTERS = len(API_KEY_PREFIX) + 8
"""Six random bytes are visible; the other 34 can't be guessed."""


class TooManyApiKeys(Conflict):
    """The user has the maximum number of API keys."""

    code = "too_many_api_keys"
    title = "Too many API keys"


class ApiKeyNotFound(NotFound):
    """This user has no such API key."""

    def __init__(self) -> None:
        super().__init__("This API key doesn't exist or isn't yours.")


class ApiKeyService:
    """Manages the API keys of users."""

    def __init__(self, repository: ApiKeyRepository, announcements: Announcements) -> None:
        self._repository = repository
        self._announcements = announcements

    async def make(self, user_id: str, wanted: NewApiKey) -> MadeApiKey:
        """Create a key, which is only returned here. Raises `TooManyApiKeys`."""
        key = API_KEY_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        try:
            row = await self._repository.create(
                new_id(),
                user_id=user_id,
                name=wanted.name,
                prefix=key[:_VISIBLE_CHARACTERS],
                key_hash=hashlib.sha256(key.encode()).hexdigest(),
                scopes=wanted.scopes,
                expires_at=wanted.expires_at,
                most=MOST_API_KEYS,
            )
        except TooManyRows:
            raise TooManyApiKeys(f"You have {MOST_API_KEYS} API keys, which is the maximum. Delete one that you no longer use.") from None
        return MadeApiKey(**_shown(row).model_dump(), key=key)

    async def all_of(self, user_id: str) -> ApiKeyList:
        """Return the user's keys, newest first."""
        return ApiKeyList(items=[_shown(row) for row in await self._repository.all_of(user_id)])

    async def get(self, user_id: str, key_id: str) -> ApiKey:
        """Return one of the user's keys. Raises `ApiKeyNotFound`."""
        row = await self._repository.get(user_id, key_id)
        if row is None:
            raise ApiKeyNotFound
        return _shown(row)

    async def revoke(self, user_id: str, key_id: str) -> None:
        """Delete a key, which stops working immediately. Raises `ApiKeyNotFound`."""
        if not await self._repository.delete(user_id, key_id):
            raise ApiKeyNotFound
        await self._announcements.announce("api_key", key_id)


def _shown(key: StoredApiKey) -> ApiKey:
    return ApiKey.model_validate(key, from_attributes=True)
