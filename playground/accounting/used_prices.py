"""The prices behind a cost, as the ledger keeps them: US dollars per million tokens, as strings, so that old amounts stay explained."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from genai_prices.types import ModelPrice, TieredPrices

from playground.providers.records import ListPrice

PriceOrigin = Literal["administrator", "operator", "published", "listed"]
"""Who set the price: an administrator, the operator's file, the public price lists, or the provider's own list of models."""

_NAMES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cachedInput",
    "cache_write_mtok": "cacheWrite",
    "input_audio_mtok": "inputAudio",
    "output_audio_mtok": "outputAudio",
}
"""Our names of the prices in `genai-prices` that a call can be charged by."""


def used_list_price(price: ListPrice, origin: PriceOrigin) -> Mapping[str, Any]:
    """Return what is kept of a price of our own shape."""
    cached = {} if price.cached_input is None else {"cachedInput": _text(price.cached_input)}
    return {"from": origin, "input": _text(price.input), "output": _text(price.output), **cached}


def used_published_prices(prices: ModelPrice) -> Mapping[str, Any]:
    """Return what is kept of an entry of the public price lists."""
    amounts = {name: amount for name, amount in vars(prices).items() if name in _NAMES and isinstance(amount, Decimal | TieredPrices)}
    return {"from": "published", **{_NAMES[name]: _amount(amount) for name, amount in amounts.items()}}


def _amount(amount: Decimal | TieredPrices) -> object:
    if isinstance(amount, Decimal):
        return _text(amount)
    # From the prompt's length of a tier on, its price is that of all tokens.
    return {"base": _text(amount.base), "tiers": [{"from": tier.start, "price": _text(tier.price)} for tier in amount.tiers]}


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
