"""The providers that this service can use."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from pydantic import SecretStr

from playground.errors import StartupError
from playground.settings import Settings

from .builtin import BUILTIN
from .provider_file import read_provider_file
from .records import Provider
from .urls import base_url_of


class Providers:
    """The configured providers, by id and in order. Never changes: `with_provider` gives another one."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_id = {provider.id: provider for provider in providers}

    @classmethod
    def load(cls, settings: Settings, variable: Callable[[str], SecretStr | None]) -> Self:
        """Those of the table that have a key, or need none and have an address; then those of `settings.providers_file`.

        `variable` gives the value of an environment variable that the file names. Raises `StartupError` for a base URL that is none,
        and for a file that can't be used.
        """
        providers = [configured for provider in BUILTIN if (configured := _configured(provider, settings)) is not None]
        if settings.providers_file is not None:
            providers += read_provider_file(settings.providers_file, variable)
        return cls(providers)

    def get(self, provider_id: str) -> Provider | None:
        """The provider with this id; `None` when it is not configured."""
        return self._by_id.get(provider_id)

    def all(self) -> tuple[Provider, ...]:
        """All of them, in the order in which they are shown."""
        return tuple(self._by_id.values())

    def with_provider(self, provider: Provider) -> "Providers":
        """These and `provider`, which comes last, or takes the place of the one with its id."""
        return Providers([*(known for known in self.all() if known.id != provider.id), provider])


def _configured(provider: Provider, settings: Settings) -> Provider | None:
    key: SecretStr | None = getattr(settings, f"{provider.id}_api_key")
    base_url: str | None = getattr(settings, f"{provider.id}_base_url")
    # A key out of a file often ends with a line end.
    key = SecretStr(key.get_secret_value().strip()) if key is not None and key.get_secret_value().strip() else None
    if key is None and (provider.needs_key or base_url is None):
        return None
    address = provider.base_url if base_url is None else _checked_url(base_url, f"{provider.id.upper()}_BASE_URL")
    return replace(provider, api_key=key, base_url=address)


def _checked_url(text: str, variable: str) -> str:
    try:
        return base_url_of(text)
    except ValueError as error:
        raise StartupError(f"{variable} {error}") from None
