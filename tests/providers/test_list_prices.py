"""What a list says a model costs, in the many ways in which lists say it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import TieredPrices

from playground.providers.list_prices import DEAREST_INPUT, DEAREST_OUTPUT, is_believable
from playground.providers.records import ListedModel, ListPrice

from .asking import Asking
from .upstream import Answer

WAYS = ("by the SDK",)


async def listed(asking: Asking, **entry: Any) -> ListedModel:
    page = {"object": "list", "data": [{"id": "m", **entry}]}
    asking.upstream.will_answer(Answer([json.dumps(page).encode()], content_type="application/json"))
    (model,) = await asking.client.list_models(asking.provider)
    return model


def price(*amounts: str) -> ListPrice:
    return ListPrice(*map(Decimal, amounts))


@pytest.mark.parametrize(
    "entry",
    [
        {"pricing": {"prompt": 3, "completion": 15, "currency": "USD", "unit": "per_million_tokens"}},
        {"pricing": {"prompt": "3", "completion": "15", "unit": "per_1m_tokens"}},
        {"pricing": {"prompt": 3, "completion": 15, "unit": "USD/1M tokens"}},
        {"pricing": {"prompt": 3, "completion": 15, "unit": "MTok"}},
        {"pricing": {"prompt": 3, "completion": 15}, "unit": 1_000_000},
        {"pricing": {"prompt": 3, "completion": 15, "per": "1,000,000 tokens"}},
        {"pricing": {"prompt": 0.003, "completion": 0.015, "unit": "per_1k_tokens"}},
        {"pricing": {"input": 0.003, "output": 0.015}, "pricing_unit": "1K"},
        {"pricing": {"input": 0.000003, "output": 0.000015, "unit": "token"}},
        {"pricing": {"input": 0.000003, "output": 0.000015, "unit": "per_token"}},
        {"pricing": {"input": "0.000003", "output": "0.000015"}},
        {"pricing": {"input": 3, "output": 15}},
        {"pricing": {"input": "$3", "output": "$15.00"}},
        {"pricing": {"prompt": "0.000003", "completion": "0.000015"}},
        {"pricing": {"inputPerMillion": 3, "outputPerMillion": 15}},
        {"pricing": {"input": {"usd": 3}, "output": {"usd": 15}}},
        {"pricing": {"prompt": 3, "completion": 15}, "price": {"input": {"usd": 3}, "output": {"usd": 15}}},
        {"metadata": {"pricing": {"input_tokens": 3, "output_tokens": 15}}},
        {"input_cost_per_token": 0.000003, "output_cost_per_token": 0.000015},
        {"model_info": {"input_cost_per_token": 0.000003, "output_cost_per_token": 0.000015}},
    ],
    ids=json.dumps,
)
async def test_a_price_is_read_in_the_unit_that_the_list_names_or_means(asking: Asking, entry: dict[str, Any]) -> None:
    model = await listed(asking, **entry)
    assert (model.price, model.price_note) == (price("3", "15"), None)


async def test_what_is_read_from_a_cache_has_its_own_price(asking: Asking) -> None:
    pricing = {"input": "0.000003", "output": "0.000015", "input_cache_read": "0.0000003", "input_cache_write": "0.00000375"}
    assert (await listed(asking, pricing=pricing)).price == price("3", "15", "0.3")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"pricing": {"prompt": "0.08", "completion": "0.24"}}, "state the unit of the price 0.24. 80,000 and 240,000 US dollars"),
        ({"pricing": {"prompt": 0.15, "completion": 0.6, "unit": "per_token"}}, "150,000 and 600,000 US dollars per million tokens"),
        ({"pricing": {"input": 20_000, "output": 20_000, "unit": "million"}}, "far above the price of any known model"),
        ({"pricing": {"input": 5_000_000, "output": 5_000_000}}, "far above the price of any known model"),
        ({"pricing": {"prompt": 1, "completion": 2, "unit": "request"}}, 'per "request", not per token'),
        ({"pricing": {"input": 1, "output": 2, "currency": "CNY"}}, "in CNY, not in US dollars"),
    ],
    ids=str,
)
async def test_an_impossible_price_is_unknown_and_the_entry_says_why(asking: Asking, entry: dict[str, Any], reason: str) -> None:
    model = await listed(asking, **entry)
    assert model.price is None
    assert model.price_note is not None
    assert reason in model.price_note


@pytest.mark.parametrize(
    "entry",
    [
        {"pricing": {"input": 0, "output": 0}},
        {"pricing": {"prompt": "-1", "completion": "-1"}},
        {"pricing": {"prompt": 1}},
        {"pricing": {"image": 1, "request": 2}},
        {"input_tokens": 8_192, "output_tokens": 4_096, "max_input_tokens": 8_192},
        {"input_token_price_per_m": 5_600, "output_token_price_per_m": 5_600},
        {},
    ],
    ids=str,
)
async def test_a_price_that_is_not_per_token_is_ignored(asking: Asking, entry: dict[str, Any]) -> None:
    model = await listed(asking, **entry)
    assert (model.price, model.price_note) == (None, None)


def test_no_known_model_costs_more_than_the_highest_believed_price() -> None:
    def base(amount: Decimal | TieredPrices | None) -> Decimal:
        return (amount.base if isinstance(amount, TieredPrices) else amount) or Decimal(0)

    each = [model.get_prices(datetime.now(UTC)) for vendor in get_snapshot().providers for model in vendor.models]
    dearest = max(base(prices.input_mtok) for prices in each), max(base(prices.output_mtok) for prices in each)
    assert dearest[0] <= DEAREST_INPUT
    assert dearest[1] <= DEAREST_OUTPUT
    assert is_believable(ListPrice(*dearest))
