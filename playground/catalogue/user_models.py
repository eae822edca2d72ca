"""Finds the model for a name with a user's own keys, which give access to more models."""

from dataclasses import replace
from typing import Protocol

from playground.providers.records import Provider

from .catalogue import Catalogue, ResolvedModel
from .resolution import View, is_askable


class UserProviders(Protocol):
    """The providers for which a user has their own key."""

    def get(self, provider_id: str) -> Provider | None:
        """Return the provider with the user's key, or `None` if there is no key. Raises a `Problem` if the key can't be used."""


class UserKeys(Protocol):
    """Looks up users' keys for providers."""

    async def of(self, user_id: str) -> UserProviders:
        """Return the user's providers. Raises `Unavailable`."""


def resolve_for(own: UserProviders, catalogue: Catalogue, name: str, *, field: str, view: View) -> ResolvedModel:
    """Return the model with this name, with the user's own key for its provider if there is one.

    The user's account may have models that the service's account doesn't have, so any full name at such a provider is accepted. Raises
    `UnknownModel`, and the errors of `own`.
    """
    provider_id, slash, model = name.partition("/")
    provider = own.get(provider_id) if slash else None
    if provider is not None and catalogue.listed(provider, model) is None and is_askable(written := provider.listed_as(model)[0]):
        return ResolvedModel(provider, written, None, lambda: catalogue.nearest(name, view.shows))
    resolved = catalogue.resolve(name, field=field, view=view)
    provider = own.get(resolved.provider.id)
    return resolved if provider is None else replace(resolved, provider=provider)
