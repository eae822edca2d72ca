"""The tier of a model about which no administrator decided: who may spend the operator's money.

    simulated                                          free
    on a user's own key                                free: the user pays
    on a server in the local network                   free, unless that lists a price
    elsewhere, at a price of 0                         free
    elsewhere, at another price or an unknown one      PRICED_MODELS_TIER

A vendor of the public price lists is never local: at a local address there is a gateway to it, which spends the operator's key.
A name that a local server doesn't list may be another name of a model that it does: it is free only if all the listed ones are.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from playground.providers.records import ListedModel, ListPrice, Provider
from playground.providers.transport.public_addresses import is_public

from .model_settings import Tier
from .resolution import KnownList, line_of

_LOCAL_SUFFIXES = (".local", ".localhost", ".internal", ".lan")


class KnownPrices(Protocol):
    """Gives prices that no administrator set."""

    def price_unless_set(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """The price by the operator, the price lists or the provider; `None`: unknown."""
        ...

    def published_price(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """The same without the operator's."""
        ...


class DefaultTiers:
    """Says which tier a model is in by default. Costs nothing but looking up prices, which are in memory."""

    def __init__(self, prices: KnownPrices, priced: Tier, list_of: Callable[[str], KnownList | None]) -> None:
        """`priced` is the tier of models that cost money; `list_of` gives what is known of a provider by its id."""
        self._prices = prices
        self._priced = priced
        self._list_of = list_of
        self._local_lists: dict[str, tuple[KnownList, bool]] = {}
        """By provider, the list that was looked at, and whether any model in it costs money."""

    def of(self, provider: Provider, model: str) -> Tier:
        """The tier of a model, listed or not."""
        if self._priced == "free" or provider.simulated or provider.own_key:
            return "free"
        known = self._list_of(provider.id)
        listed = line_of(known, model) if known is not None else None
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
    """Whether an address leads to this machine or its network, as far as that can be known without looking it up."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_SUFFIXES)


def _costs(price: ListPrice) -> bool:
    return price.input > 0 or price.output > 0
