"""From a name to a model for one user, whose own keys open more than the service has."""

from dataclasses import replace
from typing import Protocol

from playground.providers.records import Provider

from .catalogue import Catalogue, ResolvedModel
from .resolution import View, is_askable


class OwnProviders(Protocol):
    """The providers that a user has a key of their own for."""

    def get(self, provider_id: str) -> Provider | None:
        """The provider with the user's key. Raises a `Problem` when there is a key that can't be used."""


class OwnKeys(Protocol):
    """Who knows the keys of users."""

    async def of(self, user_id: str) -> OwnProviders:
        """That user's own providers. Raises `Unavailable`."""


def resolve_for(own: OwnProviders, catalogue: Catalogue, name: str, *, field: str, view: View) -> ResolvedModel:
    """The model that `name` means, at the user's own provider where they have one.

    The user's account may have models that the service's has not, and so may a provider that only the user has a key for: a full name
    of such a provider is taken as it is. Raises `UnknownModel`, and what `own` raises.
    """
    provider_id, slash, model = name.partition("/")
    provider = own.get(provider_id) if slash else None
    if provider is not None and catalogue.listed(provider, model) is None and is_askable(written := provider.listed_as(model)[0]):
        return ResolvedModel(provider, written, None, lambda: catalogue.nearest(name, view.shows))
    resolved = catalogue.resolve(name, field=field, view=view)
    provider = own.get(resolved.provider.id)
    return resolved if provider is None else replace(resolved, provider=provider)
