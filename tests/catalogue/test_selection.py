"""Filters and sorts of the catalogue, over two providers that say what their models cost and take."""

import json
from decimal import Decimal
from typing import Any

import pytest

from playground.catalogue.access import ModelView
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.model_settings import KnownSettings, ModelSetting
from playground.catalogue.selection import ModelQuery
from playground.kit.errors import BadInput
from playground.providers.records import Provider

from ..support.client import User
from .conftest import Build, models_of
from .upstream import upstream


def model(name: str, price: tuple[str, str] | None = None, window: int | None = None, inputs: list[str] | None = None) -> dict[str, object]:
    entry: dict[str, object] = {"id": name}
    if price is not None:
        entry["pricing"] = {"prompt": price[0], "completion": price[1], "unit": "per_million_tokens"}
    if window is not None:
        entry["context_length"] = window
    if inputs is not None:
        entry["architecture"] = {"input_modalities": inputs, "output_modalities": ["text"]}
    return entry


ONE = [
    model("dear", ("3", "15"), 200_000, ["text", "image"]),
    model("gift", ("0", "0"), 8_000, ["text"]),
    model("Unknown"),
    model("cheap-mini", ("0.1", "0.4"), 128_000, ["text", "image", "audio"]),
]
TWO = [model("same-price", ("0.4", "0.1"), 128_000), model("coder-70b", ("1", "1"), 32_000, ["text", "file"])]
NAMES = ["one/Unknown", "one/cheap-mini", "one/dear", "one/gift", "two/coder-70b", "two/same-price"]
SETTINGS = KnownSettings(
    {"one/dear": ModelSetting(tier="premium"), "two/coder-70b": ModelSetting(display_name="A coder", active=False)},
)


@pytest.fixture
async def catalogue(build: Build) -> Catalogue:
    async with upstream() as one, upstream() as two:
        one.models, two.models = ONE, TWO
        # Elsewhere, as far as the service knows, so that an unknown price is not that of a server of one's own.
        catalogue = build(
            *(
                Provider(id_, id_.title(), f"http://127.0.0.1:{server.port}/v1", prices_id="none")
                for id_, server in (("one", one), ("two", two))
            )
        )
        await catalogue.refresh("one")
        await catalogue.refresh("two")
    return catalogue


async def page(catalogue: Catalogue, **query: Any) -> dict[str, Any]:
    models = models_of(catalogue)
    return json.loads(await models.page("nobody", ModelView(SETTINGS, "user"), ModelQuery(**query)))


async def ids(catalogue: Catalogue, **query: Any) -> list[str]:
    return [item["id"] for item in (await page(catalogue, **query))["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, NAMES),
        ({"category": "code"}, ["two/coder-70b"]),
        ({"category": "vision"}, ["one/cheap-mini", "one/dear"]),
        ({"category": "small"}, ["one/cheap-mini"]),
        ({"tier": "premium"}, ["one/dear"]),
        ({"free": True}, ["one/gift"]),
        ({"free": False}, [name for name in NAMES if name != "one/gift"]),
        ({"max_price": Decimal("0.4")}, ["one/cheap-mini", "one/gift", "two/same-price"]),
        ({"max_price": Decimal("0.39")}, ["one/gift"]),
        ({"min_context": 128_000}, ["one/cheap-mini", "one/dear", "two/same-price"]),
        ({"min_context": 128_001}, ["one/dear"]),
        ({"modality": "image"}, ["one/cheap-mini", "one/dear"]),
        ({"modality": "file"}, ["two/coder-70b"]),
        ({"modality": "text"}, NAMES),
        ({"modality": "image", "max_price": Decimal(1)}, ["one/cheap-mini"]),
        ({"modality": "video"}, []),
        ({"favourite": True}, []),
    ],
    ids=str,
)
async def test_filters_narrow_the_list(catalogue: Catalogue, query: dict[str, Any], expected: list[str]) -> None:
    assert await ids(catalogue, **query) == expected


ORDERS = {
    "name": ["two/coder-70b", "one/cheap-mini", "one/dear", "one/gift", "two/same-price", "one/Unknown"],
    "price": ["one/gift", "one/cheap-mini", "two/same-price", "two/coder-70b", "one/dear", "one/Unknown"],
    "-price": ["one/dear", "two/coder-70b", "one/cheap-mini", "two/same-price", "one/gift", "one/Unknown"],
    "context": ["one/gift", "two/coder-70b", "one/cheap-mini", "two/same-price", "one/dear", "one/Unknown"],
    "-context": ["one/dear", "one/cheap-mini", "two/same-price", "two/coder-70b", "one/gift", "one/Unknown"],
}


@pytest.mark.parametrize("sort", ORDERS)
async def test_a_sort_puts_unknown_values_last_and_is_stable(catalogue: Catalogue, sort: str) -> None:
    assert await ids(catalogue, sort=sort) == ORDERS[sort]


@pytest.mark.parametrize("limit", [1, 2, 4])
@pytest.mark.parametrize("sort", ORDERS)
async def test_pages_of_a_sorted_list_together_are_the_whole_list(catalogue: Catalogue, sort: str, limit: int) -> None:
    together: list[str] = []
    cursor = None
    while True:
        shown = await page(catalogue, sort=sort, limit=limit, cursor=cursor)
        together += [item["id"] for item in shown["items"]]
        cursor = shown["nextCursor"]
        if cursor is None:
            break
    assert together == ORDERS[sort]


@pytest.mark.parametrize("cursor", ["nonsense", "*", "WyJuYW1lIl0", "WyJwcmljZSIsZmFsc2UsIk5hTiIsIm9uZS9naWZ0Il0", "one/gift"])
async def test_a_cursor_of_another_list_is_bad_input(catalogue: Catalogue, cursor: str) -> None:
    with pytest.raises(BadInput) as caught:
        await page(catalogue, sort="price", cursor=cursor)
    assert [error.field for error in caught.value.errors] == ["cursor"]


async def test_a_cursor_of_another_sort_is_bad_input(catalogue: Catalogue) -> None:
    cursor = (await page(catalogue, sort="-price", limit=1))["nextCursor"]
    with pytest.raises(BadInput):
        await page(catalogue, sort="price", cursor=cursor)


async def test_filters_and_sorts_are_asked_by_their_names_on_the_wire(user: User) -> None:
    query = {"provider": "sim", "maxPrice": "1", "minContext": 1000, "free": "true", "modality": "text", "sort": "-price", "tier": "free"}
    items = (await user.http.get("/models", params=query)).raise_for_status().json()["items"]
    totals = [Decimal(item["price"]["input"]) + Decimal(item["price"]["output"]) for item in items]
    assert len(totals) > 1
    assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maxPrice", "-1"),
        ("maxPrice", "dear"),
        ("minContext", "0"),
        ("modality", "smell"),
        ("sort", "age"),
        ("category", "best"),
        ("tier", "x"),
    ],
)
async def test_an_invalid_filter_is_named(user: User, field: str, value: str) -> None:
    response = await user.http.get("/models", params={field: value})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
