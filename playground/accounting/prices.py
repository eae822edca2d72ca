"""What a model costs, by the first of these sources: the price set by an administrator, the operator's price, the cost reported by the
provider, the public price lists, the provider's list of models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Context, Decimal, localcontext
from functools import cache, lru_cache
from typing import Any, Literal

import genai_prices
import structlog
from anyio import to_thread
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, TieredPrices
from genai_prices.types import Provider as Vendor

from playground.providers.calls import Usage
from playground.providers.list_prices import is_believable
from playground.providers.records import ListedModel, ListPrice, Provider

from .used_prices import PriceOrigin, used_list_price, used_published_prices

log = structlog.get_logger(__name__)

_MILLION = Decimal(1_000_000)
_STORED_PLACES = Decimal("1e-12")
# Enough digits for exact results: prices have at most about 20 digits, counts 9.
_EXACT = Context(prec=60)

# Larger numbers are errors: no context window has a billion tokens, and no single call costs a million dollars.
_MOST_TOKENS = 1_000_000_000
_MOST_DOLLARS = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call cost."""

    amount: Decimal
    """US dollars, to 12 decimal places."""
    source: Literal["provider", "list"]
    """`provider`: the provider reported the cost. `list`: calculated from a price and the tokens."""
    prices: Mapping[str, Any] | None = field(default=None, compare=False)
    """The prices that were used (`used_prices.py`). `None`: the provider reported the cost."""


SetPrice = Callable[[Provider, str], ListPrice | None]
"""Returns the price that an administrator set for a provider's model, or `None`."""


class Prices:
    """Prices and costs by model. The public price lists are those of the installed `genai-prices`; nothing is downloaded.

    `set_price` overrides all other sources.
    """

    def __init__(self, set_price: SetPrice = lambda _provider, _model: None) -> None:
        self._set_price = set_price

    async def warm_up(self) -> None:
        """Load the price lists in a worker thread (0.2 s), so that the first cost is not delayed."""
        await to_thread.run_sync(_vendors)

    def price(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """Return the current price of `model` per million tokens, for display, or `None` if unknown.

        If the price depends on the length of the prompt, this is the price for short prompts.
        """
        return self._set_price(provider, model) or self.price_unless_set(provider, model, listed)

    def price_unless_set(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """Return the price of `model` without regard to an administrator's price, or `None` if unknown."""
        return _operators_price(provider, model) or self.published_price(provider, model, listed)

    def published_price(self, provider: Provider, model: str, listed: ListedModel | None = None) -> ListPrice | None:
        """Return the price from the public price lists, or else from the provider's list, or `None` if unknown."""
        return _published_price(provider, model) or _providers_price(provider, model, listed)

    def context_window(self, provider: Provider, model: str, listed: ListedModel | None = None) -> int | None:
        """Return the context window of `model` from the provider's list, or else from the price lists, or `None` if unknown."""
        if listed is not None and listed.context_window is not None:
            return listed.context_window
        known = _published(provider, model)
        return known.model.context_window if known is not None else None

    def cost(
        self, provider: Provider, model: str, usage: Usage, listed: ListedModel | None = None, at: datetime | None = None
    ) -> Cost | None:
        """Return the cost of a call with `usage`, or `None` if unknown (never 0 in that case).

        `at` is when the call was sent, by default now; some prices depend on the time of day.
        """
        set_price = self._set_price(provider, model)
        decided = set_price or _operators_price(provider, model)
        billed = _sound_bill(provider, model, usage)
        if decided is None and billed is not None:
            return Cost(_rounded(billed), "provider")
        if not _sound_counts(provider, model, usage):
            return None
        if decided is not None:
            return _list_cost(decided, usage, "operator" if set_price is None else "administrator")
        published = _published_cost(provider, model, usage, at or datetime.now(UTC))
        if published is not None:
            return published
        providers = _providers_price(provider, model, listed)
        return _list_cost(providers, usage, "listed") if providers is not None else None


def _operators_price(provider: Provider, model: str) -> ListPrice | None:
    """Return the operator's price. One for `org/model` also applies to `org/model:route`; `llama3.2` is the same as `llama3.2:latest`."""
    for name in provider.listed_as(model):
        if name in provider.prices:
            return provider.prices[name]
    tag = provider.quirks.default_tag
    return provider.prices.get(model.removesuffix(f":{tag}")) if tag is not None else None


def _providers_price(provider: Provider, model: str, listed: ListedModel | None) -> ListPrice | None:
    if listed is None or listed.price is None:
        return None
    if provider.quirks.routes and listed.name != model:  # The provider behind `org/model:route` has its own price.
        return None
    amounts = (listed.price.input, listed.price.output, listed.price.cached_input or Decimal(0))
    if all(amount.is_finite() and amount >= 0 for amount in amounts) and is_believable(listed.price):
        return listed.price
    log.debug("price_ignored", provider=provider.id, model=model, reason="the listed price is negative or impossible")
    return None


def _published_price(provider: Provider, model: str) -> ListPrice | None:
    known = _published(provider, model)
    if known is None:
        return None
    prices = known.model.get_prices(datetime.now(UTC))
    per_input, per_output = _lowest_step(prices.input_mtok), _lowest_step(prices.output_mtok)
    if per_input is None or per_output is None:
        return None
    return ListPrice(input=per_input, output=per_output, cached_input=_lowest_step(prices.cache_read_mtok))


def _published_cost(provider: Provider, model: str, usage: Usage, at: datetime) -> Cost | None:
    known = _published(provider, model)
    if known is None:
        return None
    prices = known.model.get_prices(at)
    if prices.input_mtok is None or prices.output_mtok is None:  # A price per hour or page, or none.
        return None
    counts = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
        input_audio_tokens=usage.input_audio_tokens,
        output_audio_tokens=usage.output_audio_tokens,
    )
    with localcontext(_EXACT):
        amount = known.model.calc_price(counts, known.vendor, genai_request_timestamp=at).total_price
    return Cost(_rounded(amount), "list", used_published_prices(prices))


def _list_cost(price: ListPrice, usage: Usage, origin: PriceOrigin) -> Cost:
    cached = usage.cached_input_tokens or 0
    cached_price = price.input if price.cached_input is None else price.cached_input
    with localcontext(_EXACT):
        amount = (price.input * (usage.input_tokens - cached) + cached_price * cached + price.output * usage.output_tokens) / _MILLION
    return Cost(_rounded(amount), "list", used_list_price(price, origin))


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_STORED_PLACES, context=_EXACT)


def _sound_bill(provider: Provider, model: str, usage: Usage) -> Decimal | None:
    if usage.cost is None or (usage.cost.is_finite() and 0 <= usage.cost < _MOST_DOLLARS):
        return usage.cost
    log.warning(
        "cost_ignored",
        provider=provider.id,
        model=model,
        cost=str(usage.cost),
        reason="the cost reported by the provider is negative or impossible",
    )
    return None


def _sound_counts(provider: Provider, model: str, usage: Usage) -> bool:
    cached, reasoning = (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0), usage.reasoning_tokens or 0
    if 0 <= cached <= usage.input_tokens < _MOST_TOKENS and 0 <= reasoning <= usage.output_tokens < _MOST_TOKENS:
        return True
    log.warning(
        "cost_unknown",
        provider=provider.id,
        model=model,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        reason="the token counts are negative, impossible or inconsistent",
    )
    return False


@dataclass(frozen=True, slots=True)
class _Published:
    """The entry of a model in the public price lists."""

    vendor: Vendor
    model: ModelInfo


def _published(provider: Provider, model: str) -> _Published | None:
    prices_id = None if provider.simulated else provider.prices_id_of(model)
    if prices_id is None:
        return None
    # In the price lists a route is a separate vendor: `org/model:groq` is `org/model` of `huggingface_groq`.
    return _find(prices_id, model if prices_id == provider.prices_id else model.rpartition(":")[0])


@lru_cache(maxsize=32_768)
def _find(prices_id: str, model: str) -> _Published | None:
    """Find a model in the price lists. Cached, because matching takes 0.2 to 1.2 ms."""
    vendors = _vendors()
    vendor = vendors.get(prices_id)
    found = vendor.find_model(model, all_providers=list(vendors.values())) if vendor is not None else None
    return _Published(vendor, found) if vendor is not None and found is not None else None


@cache
def _vendors() -> dict[str, Vendor]:
    return {vendor.id: vendor for vendor in get_snapshot().providers}


def _lowest_step(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price.base if isinstance(price, TieredPrices) else price
