"""Stores, lists, tests and deletes users' keys for providers."""

from playground.keys.encryption import Vault
from playground.keys.repository import ProviderKeyRepository, SealedKey, StoredProviderKey
from playground.keys.schemas import KeyProvider, ProviderKey, ProviderKeyInput, ProviderKeyList, ProviderKeyTest
from playground.kit.announcements import Announcements
from playground.kit.errors import BadInput, NotFound
from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider
from playground.providers.registry import Providers
from playground.providers.transport.public_addresses import AddressRefusedError, PublicAddresses

from .key_check import try_key
from .user_keys import UserKeys, UserProviders

_HINT_CHARACTERS = 4


class UnknownProvider(NotFound):
    """The provider doesn't exist."""

    code = "unknown_provider"
    title = "Unknown provider"


class ProviderKeyNotFound(NotFound):
    """This user has no key for the provider."""

    def __init__(self, provider_id: str) -> None:
        super().__init__(f'You have no key for "{provider_id}".')


class ProviderKeyService:
    """Manages users' keys for providers."""

    def __init__(
        self,
        repository: ProviderKeyRepository,
        vault: Vault,
        user_keys: UserKeys,
        providers: Providers,
        client: ProviderClient,
        addresses: PublicAddresses | None,
        announcements: Announcements,
        *,
        look_up_seconds: float,
    ) -> None:
        """`addresses` checks users' base URLs; `None`: any is allowed. `look_up_seconds` limits the lookup of a host name."""
        self._repository = repository
        self._vault = vault
        self._user_keys = user_keys
        self._providers = providers
        self._client = client
        self._addresses = addresses
        self._announcements = announcements
        self._look_up_seconds = look_up_seconds

    async def all_of(self, user_id: str) -> ProviderKeyList:
        """Return the user's keys, and the providers that users can store a key for."""
        user_providers = await self._user_keys.of(user_id)
        return ProviderKeyList(
            items=[self._shown(row, user_providers) for row in await self._repository.all_of(user_id)],
            providers=[
                KeyProvider(
                    id=provider.id,
                    name=provider.name,
                    available=self._providers.get(provider.id) is not None,
                    needs_base_url=not self._user_keys.takes_key(provider),
                )
                for provider in self._providers.all_known()
                if not provider.simulated
            ],
        )

    async def put(self, user_id: str, provider_id: str, given: ProviderKeyInput) -> ProviderKey:
        """Store a key and replace the previous one. New runs use it. Raises `UnknownProvider`, `BadInput`."""
        provider = self._provider(provider_id)
        await self._check_address(provider, given.base_url)
        key = given.key.get_secret_value()
        ciphertext = self._vault.seal(key, user_id, provider.id, given.base_url)
        await self._repository.put(SealedKey(user_id, provider.id, ciphertext, given.base_url), key[-_HINT_CHARACTERS:])
        await self._announcements.announce("provider_key", user_id)
        return self._shown(await self._row(user_id, provider.id), await self._user_keys.of(user_id))

    async def delete(self, user_id: str, provider_id: str) -> None:
        """Delete a key, even for a removed provider. Running comparisons still use it. Raises `ProviderKeyNotFound`."""
        if not await self._repository.delete(user_id, provider_id):
            raise ProviderKeyNotFound(provider_id)
        await self._announcements.announce("provider_key", user_id)

    async def test(self, user_id: str, provider_id: str) -> ProviderKeyTest:
        """Test the stored key with the provider. Raises `ProviderKeyNotFound`, `ProviderKeyUnreadable`."""
        user_provider = (await self._user_keys.of(user_id)).get(provider_id)
        if user_provider is None:
            raise ProviderKeyNotFound(provider_id)
        return await try_key(self._client, user_provider)

    def _provider(self, provider_id: str) -> Provider:
        provider = self._providers.known(provider_id)
        if provider is None or provider.simulated:
            names = ", ".join(known.id for known in self._providers.all_known() if not known.simulated)
            raise UnknownProvider(f'There is no provider "{provider_id}" that you can store a key for. Choose one of: {names}.')
        return provider

    async def _check_address(self, provider: Provider, base_url: str | None) -> None:
        if base_url is None:
            if not self._user_keys.takes_key(provider):
                raise _bad_address(
                    f"is required: this service's {provider.name} server needs no key, so a key is only for a server of yours"
                )
        elif self._addresses is not None:
            try:
                await self._addresses.check(base_url, timeout=self._look_up_seconds)
            except AddressRefusedError as error:
                raise _bad_address(f"{error}; use a public address with https") from None

    async def _row(self, user_id: str, provider_id: str) -> StoredProviderKey:
        row = await self._repository.get(user_id, provider_id)
        if row is None:
            raise ProviderKeyNotFound(provider_id)
        return row

    def _shown(self, row: StoredProviderKey, user_providers: UserProviders) -> ProviderKey:
        provider_id = row.sealed.provider
        provider = self._providers.known(provider_id)
        return ProviderKey(
            provider=provider_id,
            name=provider.name if provider is not None else provider_id,
            hint=row.hint,
            base_url=row.sealed.base_url,
            readable=provider_id not in user_providers.unreadable,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _bad_address(message: str) -> BadInput:
    return BadInput.at("baseUrl", message)
