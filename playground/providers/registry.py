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
    """The configured providers, by id and in order. Never changes: `with_provider` gives another one.

    `others` are those of the table that lack a key here, which somebody's own key opens all the same.
    """

    def __init__(self, providers: Iterable[Provider], others: Iterable[Provider] = ()) -> None:
        self._by_id = {provider.id: provider for provider in providers}
        self._others = tuple(others)

    @classmethod
    def load(cls, settings: Settings, variable: Callable[[str], SecretStr | None]) -> Self:
        """Those of the table that have a key, or need none and have an address; then those of `settings.providers_file`.

        `variable` gives the value of an environment variable. Raises `StartupError` for a base URL that is none, and for a file that
        can't be used.
        """
        table = [_addressed(provider, settings) for provider in BUILTIN]
        providers = [configured for provider in table if (configured := _configured(provider, settings, variable)) is not None]
        if settings.providers_file is not None:
            providers += read_provider_file(settings.providers_file, variable)
        return cls(providers, table)

    def get(self, provider_id: str) -> Provider | None:
        """The provider with this id; `None` when it is not configured."""
        return self._by_id.get(provider_id)

    def known(self, provider_id: str) -> Provider | None:
        """The provider with this id; one of the table that is not configured comes without a key."""
        return self._by_id.get(provider_id) or next((provider for provider in self._others if provider.id == provider_id), None)

    def all_known(self) -> tuple[Provider, ...]:
        """The configured ones, then those of the table that are not."""
        return (*self.all(), *(provider for provider in self._others if provider.id not in self._by_id))

    def all(self) -> tuple[Provider, ...]:
        """All of them, in the order in which they are shown."""
        return tuple(self._by_id.values())

    def with_provider(self, provider: Provider) -> "Providers":
        """These and `provider`, which comes last, or takes the place of the one with its id."""
        return Providers([*(known for known in self.all() if known.id != provider.id), provider], self._others)


def _addressed(provider: Provider, settings: Settings) -> Provider:
    """An entry of the table at the operator's address, where one is set."""
    base_url: str | None = getattr(settings, f"{provider.id}_base_url")
    return provider if base_url is None else replace(provider, base_url=_checked_url(base_url, f"{provider.id.upper()}_BASE_URL"))


def _configured(provider: Provider, settings: Settings, variable: Callable[[str], SecretStr | None]) -> Provider | None:
    given: SecretStr | None = getattr(settings, f"{provider.id}_api_key")
    key = trimmed(given)
    # The settings take the first of two variables that is not empty, which a blank one is not.
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
