"""Prices and costs. Expected amounts are worked out by hand from the price per million tokens."""

from datetime import UTC, datetime
from decimal import Decimal, localcontext
from itertools import product

import pytest
import structlog.testing
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from playground.accounting.prices import Cost, Prices
from playground.providers.builtin import BUILTIN
from playground.providers.calls import Usage
from playground.providers.records import ListedModel, ListPrice, Provider, Quirks

PRICES = Prices()
PROVIDERS = {provider.id: provider for provider in BUILTIN}
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def listed(name: str, price: ListPrice | None = None, **fields) -> ListedModel:
    return ListedModel(name, price=price, **fields)


def own(prices_id: str | None = None, **fields) -> Provider:
    return Provider("own", "Own", "http://localhost:1/v1", prices_id=prices_id, **fields)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "dollars"),
    [
        # 0.15 for input, 0.075 for cached input, 0.6 for output
        ("openai", "gpt-4o-mini", Usage(1_000, 500), "0.00045"),
        ("openai", "gpt-4o-mini", Usage(1_000, 500, cached_input_tokens=600), "0.000405"),
        ("openai", "gpt-4o-mini-2024-07-18", Usage(1, 1), "0.00000075"),
        # 3, 0.3, 15; beyond 200,000 tokens of input 6, 0.6, 22.5 for all of them
        ("anthropic", "claude-sonnet-4-5", Usage(200_000, 10, cached_input_tokens=100_000), "0.33015"),
        ("anthropic", "claude-sonnet-4-5", Usage(200_001, 10, cached_input_tokens=100_000), "0.660231"),
        # 3.75 for what is written to the cache
        ("anthropic", "claude-sonnet-4-5", Usage(12_307, 550, 0, cache_write_tokens=12_304), "0.054399"),
        # 1.25 and 10; beyond 200,000 tokens of input 2.5 and 15
        ("gemini", "gemini-2.5-pro", Usage(1_000, 1_000), "0.01125"),
        ("gemini", "gemini-2.5-pro", Usage(300_000, 1_000), "0.765"),
        ("groq", "llama-3.3-70b-versatile", Usage(7, 3), "0.0000065"),
        ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", Usage(3, 3), "0.00000528"),
        ("openrouter", "openai/gpt-4o-mini", Usage(1_000, 500), "0.00045"),
        ("huggingface", "openai/gpt-oss-20b:groq", Usage(1_000_000, 1_000_000), "0.6"),
    ],
)
def test_a_published_price_gives_the_exact_cost(provider: str, model: str, usage: Usage, dollars: str) -> None:
    assert PRICES.cost(PROVIDERS[provider], model, usage, at=AT) == Cost(Decimal(dollars), "list")


def test_a_price_that_changed_is_that_of_the_time_of_the_call() -> None:
    mistral, usage = PROVIDERS["mistral"], Usage(1_000_000, 1_000_000)
    before = PRICES.cost(mistral, "mistral-small-latest", usage, at=datetime(2026, 3, 1, tzinfo=UTC))
    after = PRICES.cost(mistral, "mistral-small-latest", usage, at=AT)
    assert (before, after) == (Cost(Decimal("0.4"), "list"), Cost(Decimal("0.75"), "list"))


def test_a_price_by_the_time_of_day_is_that_of_the_time_of_the_call() -> None:
    deepseek, usage = PROVIDERS["deepseek"], Usage(1_000_000, 1_000_000, cached_input_tokens=500_000)
    by_day = PRICES.cost(deepseek, "deepseek-chat", usage, at=AT)
    by_night = PRICES.cost(deepseek, "deepseek-chat", usage, at=AT.replace(hour=20))
    assert (by_day, by_night) == (Cost(Decimal("1.27"), "list"), Cost(Decimal("0.635"), "list"))


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "no-such-model"),
        ("ollama", "llama3.2:latest"),
        ("huggingface", "openai/gpt-oss-20b"),
        ("huggingface", "openai/gpt-oss-20b:fastest"),
        ("huggingface", "openai/gpt-oss-20b:openai"),
        ("openai", "whisper-1"),
        ("mistral", "codestral-embed-2505"),
    ],
)
def test_an_unknown_price_is_none_and_never_zero(provider: str, model: str) -> None:
    assert PRICES.cost(PROVIDERS[provider], model, Usage(1_000, 500)) is None
    assert PRICES.price(PROVIDERS[provider], model) is None


def test_an_entry_without_any_price_does_not_make_a_model_free() -> None:
    model = "deepseek/deepseek-chat-v3-0324:free"
    entry = next(vendor for vendor in get_snapshot().providers if vendor.id == "openrouter").find_model(model)
    assert entry is not None
    assert PRICES.cost(PROVIDERS["openrouter"], model, Usage(10, 10)) is None
    free = listed(model, ListPrice(Decimal(0), Decimal(0)))
    assert PRICES.cost(PROVIDERS["openrouter"], model, Usage(10, 10), free) == Cost(Decimal(0), "list")


def test_the_operators_price_overrides_all_others() -> None:
    provider = own("openai", prices={"gpt-4o-mini": ListPrice(Decimal(2), Decimal(4), cached_input=Decimal(1))})
    theirs = listed("gpt-4o-mini", ListPrice(Decimal(50), Decimal(50)))
    usage = Usage(1_000, 500, cached_input_tokens=200, cost=Decimal("0.5"))
    assert PRICES.cost(provider, "gpt-4o-mini", usage, theirs) == Cost(Decimal("0.0038"), "list")
    assert PRICES.price(provider, "gpt-4o-mini", theirs) == provider.prices["gpt-4o-mini"]


def test_cached_input_costs_the_same_without_its_own_price() -> None:
    provider = own(prices={"m": ListPrice(Decimal(2), Decimal(4))})
    assert PRICES.cost(provider, "m", Usage(1_000, 0, cached_input_tokens=1_000)) == Cost(Decimal("0.002"), "list")


def test_cached_input_may_be_free() -> None:
    provider = own(prices={"m": ListPrice(Decimal(2), Decimal(4), cached_input=Decimal(0))})
    assert PRICES.cost(provider, "m", Usage(1_000, 1, cached_input_tokens=1_000)) == Cost(Decimal("0.000004"), "list")


def test_the_operators_price_applies_to_every_form_of_a_name() -> None:
    price = ListPrice(Decimal(1), Decimal(1))
    routed = own(prices={"org/m": price, "org/m:groq": ListPrice(Decimal(9), Decimal(9))}, quirks=Quirks(routes=True))
    tagged = own(prices={"llama3.2": price, "qwen3:latest": price}, quirks=Quirks(default_tag="latest"))
    assert PRICES.price(routed, "org/m:nebius") == price
    assert PRICES.price(routed, "org/m:groq") == ListPrice(Decimal(9), Decimal(9))
    assert PRICES.price(tagged, "llama3.2:latest") == PRICES.price(tagged, "qwen3") == PRICES.price(tagged, "llama3.2") == price
    assert PRICES.price(tagged, "llama3.2:1b") is None


def test_the_cost_reported_by_the_provider_overrides_published_prices() -> None:
    usage = Usage(1_000, 500, cost=Decimal("0.0001234"))
    assert PRICES.cost(PROVIDERS["openrouter"], "openai/gpt-4o-mini", usage) == Cost(Decimal("0.0001234"), "provider")
    assert PRICES.cost(own(), "anything", Usage(0, 0, cost=Decimal(0))) == Cost(Decimal(0), "provider")


def test_published_prices_override_the_providers_own_list() -> None:
    theirs = ListPrice(Decimal(50), Decimal(50))
    assert PRICES.cost(own("openai"), "gpt-4o-mini", Usage(1_000, 500), listed("gpt-4o-mini", theirs), AT) == Cost(
        Decimal("0.00045"), "list"
    )
    assert PRICES.cost(own("openai"), "mine", Usage(1_000, 500), listed("mine", theirs)) == Cost(Decimal("0.075"), "list")
    assert PRICES.price(own("openai"), "mine", listed("mine", theirs)) == theirs


def test_the_listed_price_of_a_model_is_not_that_of_one_of_its_routes() -> None:
    entry = listed("org/m", ListPrice(Decimal(1), Decimal(1)))
    assert PRICES.price(PROVIDERS["huggingface"], "org/m", entry) == entry.price
    assert PRICES.price(PROVIDERS["huggingface"], "org/m:somebody", entry) is None


def test_a_simulated_provider_has_no_published_price() -> None:
    simulated = own("openai", simulated=True)
    assert PRICES.cost(simulated, "gpt-4o-mini", Usage(1_000, 500)) is None
    assert PRICES.price(simulated, "gpt-4o-mini") is None
    assert PRICES.context_window(simulated, "gpt-4o-mini") is None
    entry = listed("gpt-4o-mini", ListPrice(Decimal(1), Decimal(2)))
    assert PRICES.cost(simulated, "gpt-4o-mini", Usage(1_000, 500), entry) == Cost(Decimal("0.002"), "list")
    assert PRICES.cost(simulated, "gpt-4o-mini", Usage(1_000, 500, cost=Decimal("0.7"))) == Cost(Decimal("0.7"), "provider")


@pytest.mark.parametrize("cost", ["-0.01", "NaN", "sNaN", "Infinity", "-Infinity", "1e30", "1000000"])
def test_an_impossible_reported_cost_is_ignored_and_logged(cost: str) -> None:
    with structlog.testing.capture_logs() as logs:
        amount = PRICES.cost(own("openai"), "gpt-4o-mini", Usage(1_000, 500, cost=Decimal(cost)), at=AT)
    assert amount == Cost(Decimal("0.00045"), "list")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("cost_ignored", "warning")]


@pytest.mark.parametrize(
    "usage",
    [
        Usage(-1, 5),
        Usage(5, -1),
        Usage(10**9, 5),
        Usage(5, 10**12),
        Usage(5, 5, cached_input_tokens=6),
        Usage(5, 5, cached_input_tokens=-1),
        Usage(5, 5, reasoning_tokens=6),
    ],
)
def test_impossible_counts_have_no_cost_and_are_logged(usage: Usage) -> None:
    for provider in (own("openai"), own(prices={"gpt-4o-mini": ListPrice(Decimal(1), Decimal(1))})):
        with structlog.testing.capture_logs() as logs:
            assert PRICES.cost(provider, "gpt-4o-mini", usage) is None
        assert [(entry["event"], entry["log_level"]) for entry in logs] == [("cost_unknown", "warning")]


@pytest.mark.parametrize("price", ["-1", "NaN", "Infinity", "1e9"])
def test_an_impossible_listed_price_is_unknown(price: str) -> None:
    entry = listed("m", ListPrice(Decimal(price), Decimal(1)))
    assert PRICES.price(own(), "m", entry) is None
    assert PRICES.cost(own(), "m", Usage(1, 1), entry) is None


def test_the_displayed_price_is_per_million_and_of_the_lowest_step() -> None:
    assert PRICES.price(PROVIDERS["openai"], "gpt-4o-mini") == ListPrice(Decimal("0.15"), Decimal("0.6"), Decimal("0.075"))
    assert PRICES.price(PROVIDERS["anthropic"], "claude-sonnet-4-5") == ListPrice(Decimal(3), Decimal(15), Decimal("0.3"))
    assert PRICES.price(PROVIDERS["groq"], "llama-3.3-70b-versatile") == ListPrice(Decimal("0.59"), Decimal("0.79"))


def test_the_context_window_is_the_providers_or_else_the_published_one() -> None:
    assert PRICES.context_window(PROVIDERS["openai"], "gpt-4o-mini", listed("gpt-4o-mini")) == 128_000
    assert PRICES.context_window(PROVIDERS["openai"], "gpt-4o-mini", listed("gpt-4o-mini", context_window=7)) == 7
    assert PRICES.context_window(PROVIDERS["openai"], "no-such-model") is None


@given(
    input_price=st.decimals(0, 1_000, places=6),
    output_price=st.decimals(0, 1_000, places=6),
    input_tokens=st.integers(0, 999_999_999),
    output_tokens=st.integers(0, 999_999_999),
)
def test_a_list_cost_is_exact_to_the_last_of_twelve_places(
    input_price: Decimal, output_price: Decimal, input_tokens: int, output_tokens: int
) -> None:
    cost = PRICES.cost(own(prices={"m": ListPrice(input_price, output_price)}), "m", Usage(input_tokens, output_tokens))
    exact = int(input_price * 10**6) * input_tokens + int(output_price * 10**6) * output_tokens
    with localcontext(prec=60):
        assert cost is not None
        assert cost.amount * 10**12 == exact
    assert cost.amount.as_tuple().exponent == -12


def test_every_published_model_has_a_cost_or_none_and_never_an_error() -> None:
    for vendor, cached, reasoning in product(get_snapshot().providers, (None, 0, 5), (None, 0, 3)):
        for model in vendor.models:
            cost = PRICES.cost(own(vendor.id), model.id, Usage(10, 10, cached, reasoning))
            assert cost is None or cost.amount >= 0
