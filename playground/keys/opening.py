"""Opens the room: API keys, and users' keys for providers."""

from dataclasses import dataclass

from playground.database.foundation import Foundation
from playground.providers.opening import ProvidersRoom

from .api_keys.last_use import LastUseRecorder
from .api_keys.service import ApiKeyService
from .encryption import Vault
from .provider_keys.service import ProviderKeyService
from .provider_keys.user_keys import UserKeys
from .repository import ApiKeyRepository, ProviderKeyRepository


@dataclass(frozen=True, slots=True)
class KeysRoom:
    """The services that other rooms use."""

    last_uses: LastUseRecorder
    user_keys: UserKeys


def open_keys(foundation: Foundation, providers: ProvidersRoom) -> KeysRoom:
    """Open the room."""
    settings, database, announcements = foundation.settings, foundation.database, foundation.announcements
    api_keys, stored_keys = ApiKeyRepository(database, foundation.audit), ProviderKeyRepository(database, foundation.audit)
    last_uses, vault = LastUseRecorder(api_keys), Vault(settings.encryption_secrets())
    allow_private = settings.allow_private_provider_urls
    user_keys = UserKeys(stored_keys, vault, providers.providers, announcements, allow_private=allow_private)
    foundation.services.add(
        ApiKeyService(api_keys, announcements),
        ProviderKeyService(
            stored_keys,
            vault,
            user_keys,
            providers.providers,
            providers.client,
            None if allow_private else providers.addresses,
            announcements,
            look_up_seconds=settings.connect_timeout_seconds,
        ),
    )
    foundation.tasks.start_soon(last_uses.run_forever)
    foundation.tasks.start_soon(user_keys.renew)
    return KeysRoom(last_uses, user_keys)
