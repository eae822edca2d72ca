"""`/users/me/api-keys` and `/users/me/provider-keys`: keys for this service, and users' keys for providers.

All calls need a login: API keys can't create, show or delete keys.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from playground.accounts.authorization import CurrentUser, ScopeMissing
from playground.keys.api_keys.service import ApiKeyNotFound, ApiKeyService, TooManyApiKeys
from playground.keys.provider_keys.service import ProviderKeyNotFound, ProviderKeyService, UnknownProvider
from playground.keys.provider_keys.user_keys import ProviderKeyUnreadable
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import IdPath

from .schemas import ApiKey, ApiKeyList, MadeApiKey, NewApiKey, ProviderKey, ProviderKeyInput, ProviderKeyList, ProviderKeyTest

router = APIRouter(prefix="/users/me", tags=["keys"])

ProviderId = Annotated[CleanText, Path(max_length=64, examples=["openai"])]


@router.post(
    "/api-keys",
    summary="Create API key",
    status_code=status.HTTP_201_CREATED,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, TooManyApiKeys, Unavailable),
)
async def make_api_key(api_keys: Provided[ApiKeyService], user: CurrentUser, wanted: NewApiKey, response: Response) -> MadeApiKey:
    """Create an API key. It is only shown in this response: the service stores only a hash of it."""
    response.headers["Cache-Control"] = "no-store"
    return await api_keys.make(user.id, wanted)


@router.get("/api-keys", summary="List API keys", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def list_api_keys(api_keys: Provided[ApiKeyService], user: CurrentUser) -> ApiKeyList:
    """List your API keys, newest first, without the keys themselves."""
    return await api_keys.all_of(user.id)


@router.get("/api-keys/{key_id}", summary="Get API key", responses=documented(NotAuthenticated, ScopeMissing, ApiKeyNotFound, Unavailable))
async def get_api_key(api_keys: Provided[ApiKeyService], user: CurrentUser, key_id: IdPath) -> ApiKey:
    """Return one of your API keys, without the key itself."""
    return await api_keys.get(user.id, key_id)


@router.delete(
    "/api-keys/{key_id}",
    summary="Revoke API key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ScopeMissing, ApiKeyNotFound, Unavailable),
)
async def revoke_api_key(api_keys: Provided[ApiKeyService], user: CurrentUser, key_id: IdPath) -> None:
    """Revoke an API key. It stops working immediately. Streams that it started continue."""
    await api_keys.revoke(user.id, key_id)


@router.get("/provider-keys", summary="List provider keys", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def list_provider_keys(provider_keys: Provided[ProviderKeyService], user: CurrentUser) -> ProviderKeyList:
    """List your keys for providers, without the keys themselves, and the providers that you can store a key for."""
    return await provider_keys.all_of(user.id)


@router.put(
    "/provider-keys/{provider}",
    summary="Store provider key",
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, UnknownProvider, Unavailable),
)
async def put_provider_key(
    provider_keys: Provided[ProviderKeyService], user: CurrentUser, provider: ProviderId, given: ProviderKeyInput
) -> ProviderKey:
    """Store your key for a provider, and replace the previous one. Your new runs use it, and the provider bills you for them."""
    return await provider_keys.put(user.id, provider, given)


@router.delete(
    "/provider-keys/{provider}",
    summary="Delete provider key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ScopeMissing, ProviderKeyNotFound, Unavailable),
)
async def delete_provider_key(provider_keys: Provided[ProviderKeyService], user: CurrentUser, provider: ProviderId) -> None:
    """Delete your key for a provider. Running comparisons still use it."""
    await provider_keys.delete(user.id, provider)


@router.post(
    "/provider-keys/{provider}/test",
    summary="Test provider key",
    responses=documented(NotAuthenticated, ScopeMissing, ProviderKeyNotFound, ProviderKeyUnreadable, Unavailable),
)
async def test_provider_key(provider_keys: Provided[ProviderKeyService], user: CurrentUser, provider: ProviderId) -> ProviderKeyTest:
    """Test your key for a provider: request the list of models or, if that needs no key, an answer of a few tokens."""
    return await provider_keys.test(user.id, provider)
