"""The providers that this service can use."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.settings import Settings

from .base_urls import base_url_of
from .builtin import BUILTIN
from .provider_file import read_provider_file
from .records import Provider, trimmed

_SECOND_KEY_VARIABLES = {"huggingface": "HF_TOKEN"}


class Providers:
    """The configured providers, by id and in order. Immutable: `with_provider` returns a new registry.

    `others` are the built-in providers without a key here, which a user's own key makes available.
    """

    def __init__(self, providers: Iterable[Provider], others: Iterable[Provider] = ()) -> None:
        self._by_id = {provider.id: provider for provider in providers}
        self._others = tuple(others)

    @classmethod
    def load(cls, settings: Settings, variable: Callable[[str], SecretStr | None]) -> Self:
        """Return the built-in providers that have a key, or need none and have a base URL, then those of `settings.providers_file`.

        `variable` returns the value of an environment variable. Raises `StartupError` for an invalid base URL or file.
        """
        table = [_addressed(provider, settings) for provider in BUILTIN]
        providers = [configured for provider in table if (configured := _configured(provider, settings, variable)) is not None]
        if settings.providers_file is not None:
            providers += read_provider_file(settings.providers_file, variable)
        return cls(providers, table)

    def get(self, provider_id: str) -> Provider | None:
        """Return the provider with this id, or `None` if it is not configured."""
        return self._by_id.get(provider_id)

    def known(self, provider_id: str) -> Provider | None:
        """Return the provider with this id; a built-in one that is not configured has no key."""
        return self._by_id.get(provider_id) or next((provider for provider in self._others if provider.id == provider_id), None)

    def all_known(self) -> tuple[Provider, ...]:
        """Return the configured providers, then the other built-in ones."""
        return (*self.all(), *(provider for provider in self._others if provider.id not in self._by_id))

    def all(self) -> tuple[Provider, ...]:
        """Return the configured providers, in the order in which they are shown."""
        return tuple(self._by_id.values())

    def with_provider(self, provider: Provider) -> "Providers":
        """Return these and `provider`, which comes last, or replaces the one with its id."""
        return Providers([*(known for known in self.all() if known.id != provider.id), provider], self._others)


def _addressed(provider: Provider, settings: Settings) -> Provider:
    """Return a built-in provider with the operator's base URL, if one is set."""
    base_url: str | None = getattr(settings, f"{provider.id}_base_url")
    return provider if base_url is None else replace(provider, base_url=_checked_url(base_url, f"{provider.id.upper()}_BASE_URL"))


def _configured(provider: Provider, settings: Settings, variable: Callable[[str], SecretStr | None]) -> Provider | None:
    given: SecretStr | None = getattr(settings, f"{provider.id}_api_key")
    key = trimmed(given)
    # The settings use the first of two variables that is not empty, but a blank one isn't empty.
    if given is not None and key is None and provider.id in _SECOND_KEY_VARIABLES:
        key = trimmed(variable(_SECOND_KEY_VARIABLES[provider.id]))
    if key is None and (provider.needs_key or getattr(settings, f"{provider.id}_base_url") is None):
        return None
    return replace(provider, api_key=key)


def _checked_url(text: str, variable: str) -> str:
    try:
        return base_url_of(text)
    except ValueError as error:
        raise StartupError(f"{variable} {error}") from None
