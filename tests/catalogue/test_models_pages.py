"""The catalogue as it is shown: filtered, priced, in pages."""

import json
from decimal import Decimal
from typing import Any

import pytest

from playground.catalogue.access import ModelView
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.model_settings import KnownSettings
from playground.catalogue.selection import ModelQuery
from playground.kit.errors import BadInput
from playground.providers.records import ListPrice, Provider

from ..support.client import User
from .conftest import Build, models_of
from .upstream import Upstream, upstream


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


async def shown(catalogue: Catalogue, **query: Any) -> dict[str, Any]:
    models = models_of(catalogue)
    return json.loads(await models.page("nobody", ModelView(KnownSettings({}), "user"), ModelQuery(**query)))


async def fetched(build: Build, *providers: Provider) -> Catalogue:
    catalogue = build(*providers)
    for provider in providers:
        await catalogue.refresh(provider.id)
    return catalogue


def as_openai(server: Upstream) -> Provider:
    provider = server.provider("openai")
    return Provider("openai", "OpenAI", provider.base_url, prices_id="openai", prices={"mine": ListPrice(Decimal("1.50"), Decimal("1e1"))})


async def test_a_model_is_shown_with_all_that_is_known_and_null_for_the_rest(build: Build) -> None:
    async with upstream("gpt-4o-mini", "mine", "novel") as server:
        page = await shown(await fetched(build, as_openai(server)))
    mini, mine, novel = page["items"]
    assert mini == {
        "id": "openai/gpt-4o-mini",
        "provider": "openai",
        "name": "gpt-4o-mini",
        "displayName": "gpt-4o-mini",
        "contextWindow": 128_000,
        "inputModalities": [],
        "outputModalities": [],
        "categories": ["chat", "vision", "small"],
        "price": {"input": "0.15", "output": "0.6", "cachedInput": "0.075"},
        "priceNote": None,
        "free": False,
        "tier": "free",
        "active": True,
        "allowed": True,
        "favourite": False,
        "simulated": False,
        "pattern": False,
        "added": False,
        "stale": False,
    }
    assert mine["price"] == {"input": "1.5", "output": "10", "cachedInput": None}
    assert (novel["price"], novel["contextWindow"]) == (None, None)


async def test_a_providers_data_on_a_model_is_shown(build: Build) -> None:
    async with upstream() as server:
        server.models = [
            {
                "id": "maker/m",
                "name": "Model M",
                "context_length": 4096,
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "pricing": {"prompt": "0.0000001", "completion": "0.0000002"},
            }
        ]
        [item] = (await shown(await fetched(build, server.provider("one", simulated=True))))["items"]
    assert item["displayName"] == "Model M"
    assert item["contextWindow"] == 4096
    assert (item["inputModalities"], item["outputModalities"]) == (["text", "image"], ["text"])
    assert item["price"] == {"input": "0.1", "output": "0.2", "cachedInput": None}
    assert item["simulated"] is True


async def test_every_provider_is_shown_with_the_state_of_its_list(build: Build) -> None:
    async with upstream("a") as good, upstream("b", "c") as tired, upstream() as dead:
        catalogue = build(good.provider("good"), tired.provider("tired"), dead.provider("dead"), good.provider("new", simulated=True))
        await catalogue.refresh("good")
        await catalogue.refresh("tired")
        tired.status = dead.status = 503
        await catalogue.refresh("tired")
        await catalogue.refresh("dead")
    page = await shown(catalogue)
    assert [(entry["id"], entry["name"], entry["state"], entry["models"], entry["simulated"]) for entry in page["providers"]] == [
        ("good", "Good", "ok", 1, False),
        ("tired", "Tired", "stale", 2, False),
        ("dead", "Dead", "failed", 0, False),
        ("new", "New", "loading", 0, True),
    ]
    assert [entry["error"] is None for entry in page["providers"]] == [True, False, False, True]
    assert [entry["fetchedAt"] is None for entry in page["providers"]] == [False, False, True, True]
    assert page["providers"][0]["fetchedAt"].endswith("Z")
    assert [(item["id"], item["stale"]) for item in page["items"]] == [("good/a", False), ("tired/b", True), ("tired/c", True)]


@pytest.fixture
async def catalogue(build: Build) -> Catalogue:
    async with upstream("b-mini", "a-large", "c") as first, upstream("org/a-mini", "z") as second:
        return await fetched(build, first.provider("one"), second.provider("two"))


async def test_models_are_in_the_providers_order_and_by_name(catalogue: Catalogue) -> None:
    assert ids(await shown(catalogue)) == ["one/a-large", "one/b-mini", "one/c", "two/org/a-mini", "two/z"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"provider": "two"}, ["two/org/a-mini", "two/z"]),
        ({"search": "MINI"}, ["one/b-mini", "two/org/a-mini"]),
        ({"search": "mini  two"}, ["two/org/a-mini"]),
        ({"search": "nothing like it"}, []),
        ({"search": " "}, ["one/a-large", "one/b-mini", "one/c", "two/org/a-mini", "two/z"]),
        ({"provider": "one", "search": "a-"}, ["one/a-large"]),
    ],
)
async def test_models_are_found_by_provider_and_words(catalogue: Catalogue, query: dict[str, str], expected: list[str]) -> None:
    page = await shown(catalogue, **query)
    assert ids(page) == expected
    assert len(page["providers"]) == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("filters", [{}, {"search": "a"}, {"provider": "two"}], ids=str)
async def test_pages_together_are_the_whole_list(catalogue: Catalogue, limit: int, filters: dict[str, str]) -> None:
    whole = ids(await shown(catalogue, **filters))
    together: list[str] = []
    cursor = None
    for _ in range(len(whole)):
        page = await shown(catalogue, limit=limit, cursor=cursor, **filters)
        assert len(page["items"]) <= limit
        together += ids(page)
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert together == whole
    assert cursor is None


async def test_a_page_continues_after_a_removed_model(catalogue: Catalogue) -> None:
    assert ids(await shown(catalogue, cursor="one/b-was-here")) == ["one/c", "two/org/a-mini", "two/z"]


@pytest.mark.parametrize("field", ["provider", "cursor"])
async def test_a_provider_that_is_not_set_up_is_bad_input(catalogue: Catalogue, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        await shown(catalogue, **{field: "three"})
    assert [error.field for error in caught.value.errors] == [field]
    assert "Providers that are: one, two." in caught.value.detail


async def test_the_catalogue_is_served(user: User) -> None:
    response = await user.http.get("/models", params={"provider": "sim", "q": "quick"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    page = response.json()
    assert ids(page) == ["sim/quick"]
    assert page["items"][0]["simulated"] is True
    assert {"id": "sim", "state": "ok"}.items() <= next(entry for entry in page["providers"] if entry["id"] == "sim").items()


@pytest.mark.parametrize(("query", "field"), [({"limit": 0}, "limit"), ({"provider": "nope"}, "provider"), ({"q": "x" * 201}, "q")])
async def test_a_bad_query_is_a_problem_that_names_the_field(user: User, query: dict[str, Any], field: str) -> None:
    response = await user.http.get("/models", params=query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]
