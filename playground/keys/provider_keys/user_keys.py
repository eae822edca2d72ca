"""Users' keys for providers as runs use them: instead of the server's keys, and cached."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog
from pydantic import SecretStr

from playground.keys.encryption import SealBroken, Vault
from playground.keys.repository import ProviderKeyRepository
from playground.kit.announcements import Announcements
from playground.kit.cache import Cache
from playground.kit.errors import Conflict, Unavailable
from playground.providers.records import Provider
from playground.providers.registry import Providers

_PAGE = 100

_logger = structlog.get_logger(__name__)


class ProviderKeyUnreadable(Conflict):
    """The user's key for the provider can no longer be decrypted."""

    code = "provider_key_unreadable"
    title = "Your key for this provider can no longer be read"

    def __init__(self, provider: Provider) -> None:
        super().__init__(
            f"Your key for {provider.name} can no longer be decrypted, because the secret that encrypted it is lost. "
            f"Store it again at /users/me/provider-keys/{provider.id}, or delete it there to use the service's key."
        )


@dataclass(frozen=True, slots=True)
class UserProviders:
    """The providers that one user has a key for."""

    usable: Mapping[str, Provider] = field(default_factory=dict)
    """Providers by id, each with the user's key, and the user's address if there is one."""
    unreadable: Mapping[str, Provider] = field(default_factory=dict)
    """Providers whose key can't be decrypted."""

    def get(self, provider_id: str) -> Provider | None:
        """Return the provider with the user's key; `None` if the user has none.

        Raises `ProviderKeyUnreadable`: the server's key is no substitute, because someone else pays for it.
        """
        if provider_id in self.unreadable:
            raise ProviderKeyUnreadable(self.unreadable[provider_id])
        return self.usable.get(provider_id)


class UserKeys:
    """Returns every user's own providers without a query for every run."""

    def __init__(
        self, repository: ProviderKeyRepository, vault: Vault, providers: Providers, announcements: Announcements, *, allow_private: bool
    ) -> None:
        """`allow_private`: users' addresses may be in private networks."""
        self._repository = repository
        self._vault = vault
        self._providers = providers
        self._allow_private = allow_private
        self._announcements = announcements
        self._cache = Cache(self._load, announcements)
        announcements.listen(
            "provider_key",
            lambda user_id: self._cache.remove_where(lambda _: True) if user_id is None else self._cache.remove(user_id),
        )

    async def of(self, user_id: str) -> UserProviders:
        """Return the user's own providers. Raises `Unavailable` if they are not cached and the database is unavailable."""
        return await self._cache.get(user_id) or UserProviders()

    async def prepare(self, user_id: str) -> None:
        """Load a user's own providers before the first run, which then needs no query and no database."""
        if self._announcements.connected:  # Otherwise nothing would be cached.
            try:
                await self.of(user_id)
            except Unavailable:
                return
            except Exception:
                _logger.exception("provider_keys_not_loaded", user_id=user_id)

    def takes_key(self, provider: Provider) -> bool:
        """Return whether a key without an address is of use: the operator's keyless server accepts everyone, with or without a key."""
        return provider.api_key is not None or self._providers.get(provider.id) is None

    async def _load(self, user_id: str) -> UserProviders:
        usable, unreadable = {}, {}
        for stored in await self._repository.all_of(user_id):
            row = stored.sealed
            provider = self._providers.known(row.provider)
            if provider is None or (row.base_url is None and not self.takes_key(provider)):  # The operator has changed the providers.
                continue
            try:
                key = self._vault.open(row.ciphertext, *row.context)
            except SealBroken:
                unreadable[row.provider] = provider
            else:
                usable[row.provider] = self._with_key(provider, key, row.base_url)
        return UserProviders(usable, unreadable)

    def _with_key(self, provider: Provider, key: str, base_url: str | None) -> Provider:
        return replace(
            provider,
            api_key=SecretStr(key),
            base_url=base_url or provider.base_url,
            own_key=True,
            guarded=base_url is not None and not self._allow_private,
            key_variable=None,
            # The operator's headers may contain a key, which must neither pay for this run nor reach the user's address.
            quirks=replace(provider.quirks, headers={}),
        )

    async def renew(self) -> None:
        """Encrypt keys of earlier secrets with the current one, so that the earlier ones can be removed. Never raises an error."""
        try:
            renewed, unreadable = await self._renew()
        except Unavailable:
            _logger.warning("provider_keys_not_renewed")  # The next start does it.
        except Exception:
            _logger.exception("provider_keys_not_renewed")
        else:
            if renewed:
                _logger.info("provider_keys_renewed", keys=renewed)
            if unreadable:
                _logger.warning("provider_keys_unreadable", keys=unreadable, hint="Is a secret missing in ENCRYPTION_PREVIOUS_SECRETS?")

    async def _renew(self) -> tuple[int, int]:
        renewed = unreadable = 0
        last = ("", "")
        while page := await self._repository.after(*last, _PAGE):
            for key in page:
                try:
                    ciphertext = self._vault.renewed(key.ciphertext, *key.context)
                except SealBroken:
                    unreadable += 1
                    continue
                if ciphertext is not None:
                    await self._repository.reseal(key, ciphertext)
                    renewed += 1
            last = page[-1].user_id, page[-1].provider
        return renewed, unreadable
