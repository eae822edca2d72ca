"""The tier of a model without a setting by an administrator: who may spend the operator's money.

    simulated                                          free
    with a user's own key                              free: the user pays
    on a server in the local network                   free, unless the server lists a price
    elsewhere, with a price of 0                       free
    elsewhere, with another or an unknown price        PRICED_MODELS_TIER

A vendor in the public price lists is never local: a local address of it is a gateway that uses the operator's key.
A name that a local server doesn't list may be another name of a listed model, so it is free only if all listed models are.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from playground.providers.records import ListedModel, ListPrice, Provider
from playground.providers.transport.public_addresses import is_public

from .model_settings import Tier
from .resolution import KnownList, listed_entry

_LOCAL_SUFFIXES = (".local", ".localhost", ".internal", ".lan")


class KnownPrices(Protocol):
    """Looks up prices that were not set by an administrator."""

    def price_unless_set(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """Return the price from the operator, the price lists or the provider, or `None` if unknown."""
        ...

    def published_price(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """Return the price from the price lists or the provider, or `None` if unknown."""
        ...


class DefaultTiers:
    """Determines the default tier of a model. Only looks up prices, which are in memory."""

    def __init__(self, prices: KnownPrices, priced: Tier, list_of: Callable[[str], KnownList | None]) -> None:
        """`priced` is the tier of models that cost money; `list_of` returns a provider's list by the provider's id."""
        self._prices = prices
        self._priced = priced
        self._list_of = list_of
        self._local_lists: dict[str, tuple[KnownList, bool]] = {}
        """By provider, the list that was checked, and whether any model in it costs money."""
        self._listed_tiers: dict[str, tuple[KnownList, dict[str, Tier]]] = {}
        """By provider, the list that was checked, and the tiers of its models, since thousands of them are shown at once."""

    def of(self, provider: Provider, model: str) -> Tier:
        """Return the tier of a model, listed or not."""
        if self._priced == "free" or provider.simulated or provider.own_key:
            return "free"
        known = self._list_of(provider.id)
        if known is None or model not in known.models:
            return self._found(provider, model, known)
        seen, tiers = self._listed_tiers.get(provider.id, (None, {}))
        if seen is not known:
            tiers = {}
            self._listed_tiers[provider.id] = (known, tiers)
        tier = tiers.get(model)
        if tier is None:
            tier = tiers[model] = self._found(provider, model, known)
        return tier

    def _found(self, provider: Provider, model: str, known: KnownList | None) -> Tier:
        listed = listed_entry(known, model) if known is not None else None
        if provider.prices_id is not None or not is_local(provider.base_url):
            price = self._prices.price_unless_set(provider, model, listed)
            return self._priced if price is None or _costs(price) else "free"
        if listed is None:
            return self._priced if known is not None and self._any_priced(known) else "free"
        return self._priced if self._listed_as_priced(provider, listed) else "free"

    def _listed_as_priced(self, provider: Provider, listed: ListedModel) -> bool:
        price = self._prices.published_price(provider, listed.name, listed)
        return price is not None and _costs(price)

    def _any_priced(self, known: KnownList) -> bool:
        seen, found = self._local_lists.get(known.provider.id, (None, False))
        if seen is not known:
            found = any(self._listed_as_priced(known.provider, listed) for listed in known.models.values())
            self._local_lists[known.provider.id] = (known, found)
        return found


def is_local(base_url: str) -> bool:
    """Return whether a URL points to this machine or its network, as far as that can be known without a DNS lookup."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_SUFFIXES)


def _costs(price: ListPrice) -> bool:
    return price.input > 0 or price.output > 0
