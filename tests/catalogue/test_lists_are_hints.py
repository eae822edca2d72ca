"""What providers leave out of their lists, or say in other ways, can be used all the same: a service with several such lists."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User, of_type, text_of
from ..support.folders import NewDataDir
from ..support.listing import ListingServer, listing_server

LISTS: dict[str, list[dict[str, Any]]] = {
    "empty": [],
    "proxy": [{"id": "openai/*"}, {"id": "anthropic/*"}, {"id": "house-model"}, {"id": "absent-minded"}],
    "gateway": [
        {
            "id": "maker/sonnet",
            "name": "Sonnet",
            "context_window": 200_000,
            "type": "language",
            "pricing": {"input": "0.000003", "output": "0.000015", "input_cache_read": "0.0000003", "input_cache_write": "0.00000375"},
        },
        {"id": "maker/vectors", "type": "embedding", "pricing": {"input": "0.00000002", "output": "0"}},
    ],
    "priced": [
        {"id": "large", "pricing": {"prompt": 3, "completion": 15, "currency": "USD", "unit": "per_million_tokens"}},
        {"id": "small", "pricing": {"prompt": 0.15, "completion": 0.6, "unit": "per_1m_tokens"}},
        {"id": "unsaid", "pricing": {"prompt": "0.08", "completion": "0.24"}},
        {"id": "wrong", "pricing": {"prompt": 0.15, "completion": 0.6, "unit": "per_token"}},
    ],
}


@pytest.fixture(scope="module")
def listing(portal: BlockingPortal) -> Iterator[ListingServer]:
    with portal.wrap_async_context_manager(listing_server(LISTS)) as server:
        yield server


@pytest.fixture(scope="module")
def service(
    portal: BlockingPortal, settings: Settings, listing: ListingServer, new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    file: Path = tmp_path_factory.mktemp("lists") / "providers.toml"
    file.write_text(listing.providers_toml())
    own = settings.model_copy(update={"data_dir": new_data_dir(), "providers_file": file, "priced_models_tier": "free"})
    with portal.wrap_async_context_manager(running(own)) as service:
        yield service


@pytest.fixture(scope="module")
def accounts(service: RunningService) -> dict[str, dict[str, Any]]:
    """The first that registers is the administrator."""
    with httpx.Client(base_url=service.url, timeout=60) as http:
        return {
            name: http.post("/auth/register", json={"email": f"{name}@example.org", "password": PASSWORD, "name": name}).json()
            for name in ("admin", "user")
        }


@pytest.fixture
async def admin(service: RunningService, accounts: dict[str, dict[str, Any]]) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield User(http, accounts["admin"])


@pytest.fixture
async def user(service: RunningService, accounts: dict[str, dict[str, Any]]) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield User(http, accounts["user"])


async def item(user: User, full_name: str) -> dict[str, Any]:
    items = (await user.http.get("/models", params={"q": full_name})).json()["items"]
    return next(each for each in items if each["id"] == full_name)


@pytest.mark.parametrize(
    "model", ["empty/anything", "proxy/openai/gpt-4o", "proxy/@preset/x", "gateway/maker/new", "gateway/maker/vectors", "priced/a:lora"]
)
async def test_a_full_name_that_is_not_listed_is_used_and_marked(user: User, listing: ListingServer, model: str) -> None:
    events = await user.compare("Hi", [model])
    [lane] = of_type(events, "session")[0]["lanes"]
    assert (lane["model"], lane["simulated"], lane["listed"]) == (model, False, False)
    assert text_of(events, 0) == "Good morning"
    assert listing.asked[-1] == model
    body = {"prompt": "Hi", "models": [model, "priced/small"]}
    estimate = (await user.http.post("/playground/estimate", json=body)).json()
    assert [lane["listed"] for lane in estimate["lanes"]] == [False, True]


async def test_a_listed_model_is_not_marked(user: User) -> None:
    events = await user.compare("Hi", ["proxy/house-model"])
    [lane] = of_type(events, "session")[0]["lanes"]
    assert lane["model"] == "proxy/house-model"
    assert "listed" not in lane


async def test_a_wildcard_is_marked_and_cannot_be_used(user: User) -> None:
    assert (await item(user, "proxy/openai/*"))["pattern"]
    assert not (await item(user, "proxy/house-model"))["pattern"]
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["proxy/openai/*"]})
    assert response.status_code == 422
    assert "Use the name of one model instead" in response.json()["detail"]


async def test_a_name_unknown_to_its_provider_fails_with_similar_listed_names(user: User) -> None:
    [error] = of_type(await user.compare("Hi", ["gateway/absent"]), "error")
    assert error["code"] == "model_not_found"
    assert error["message"].endswith("Did you mean proxy/absent-minded?")
    [error] = of_type(await user.compare("Hi", ["proxy/absent"]), "error")
    assert error["message"].endswith("Did you mean proxy/absent-minded?")


@pytest.mark.parametrize(
    ("model", "price", "cost"),
    [
        ("gateway/maker/sonnet", {"input": "3", "output": "15", "cachedInput": "0.3"}, "4.5"),
        ("priced/large", {"input": "3", "output": "15", "cachedInput": None}, "4.5"),
        ("priced/small", {"input": "0.15", "output": "0.6", "cachedInput": None}, "0.21"),
        ("priced/unsaid", None, None),
        ("priced/wrong", None, None),
    ],
)
async def test_a_listed_price_counts_in_its_unit_or_not_at_all(user: User, model: str, price: Any, cost: str | None) -> None:
    shown = await item(user, model)
    assert shown["price"] == price
    assert (shown["priceNote"] is None) is (price is not None)
    [metrics] = of_type(await user.compare("Hi", [model]), "metrics")
    assert metrics["cost"] == cost


async def test_an_unlisted_name_is_refused_if_a_model_of_its_provider_is_until_it_is_allowed(admin: User, user: User) -> None:
    async def status(who: User, model: str) -> int:
        return (await who.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})).status_code

    async def decide(model: str, **decided: Any) -> None:
        (await admin.http.patch(f"/admin/models/{model}", json=decided)).raise_for_status()

    await decide("gateway/maker/sonnet", tier="hidden")
    assert [await status(who, "gateway/maker/sonnet-2026") for who in (user, admin)] == [403, 200]
    refusal = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["gateway/maker/sonnet-2026"]})
    assert "is not in the list of models of Gateway, and you can't use some of its models" in refusal.json()["detail"]
    assert await status(user, "empty/anything") == 200
    await decide("gateway/maker/sonnet-2026", tier="free")
    assert await status(user, "gateway/maker/sonnet-2026") == 200
    assert await status(user, "gateway/maker/other") == 403
    shown = (await admin.http.get("/admin/models/gateway/maker/sonnet-2026")).json()
    assert (shown["listed"], shown["ownSettings"]) == (False, True)


async def test_settings_of_a_wildcard_apply_to_the_models_it_covers(admin: User, user: User) -> None:
    async def status(model: str) -> int:
        return (await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})).status_code

    shown = await admin.http.patch("/admin/models/proxy/openai/*", json={"tier": "premium", "price": {"input": "1", "output": "10"}})
    assert shown.json()["pattern"]
    assert await status("proxy/openai/gpt-4o") == 403
    (await admin.http.patch("/admin/models/proxy/anthropic/*", json={"tier": "free"})).raise_for_status()
    assert await status("proxy/anthropic/claude") == 200
    [metrics] = of_type(await admin.compare("Hi", ["proxy/openai/gpt-4o"]), "metrics")
    assert metrics["cost"] == "2"
    (await admin.http.patch("/admin/models/proxy/openai/gpt-4o", json={"tier": "free"})).raise_for_status()
    assert await status("proxy/openai/gpt-4o") == 200
