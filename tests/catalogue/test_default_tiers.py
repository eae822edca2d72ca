"""The tier of models that no administrator decided about."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr

from playground.accounting.prices import Prices
from playground.catalogue.catalogue import ProviderList
from playground.catalogue.default_tiers import DefaultTiers, is_local
from playground.catalogue.model_settings import Tier
from playground.providers.records import ListedModel, ListPrice, Provider
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User, new_user
from ..support.folders import NewDataDir
from ..support.scripted import Exchange, ScriptedProvider

FREE, PAID = ListPrice(Decimal(0), Decimal(0)), ListPrice(Decimal(0), Decimal("0.1"))
REMOTE = Provider("remote", "Remote", "https://api.example.com/v1", prices={"operators": PAID, "gift": FREE})
LOCAL = Provider("local", "Local", "http://127.0.0.1:11434/v1", prices={"operators": PAID})
PUBLISHED = "llama-3.3-70b-versatile"


def tier(provider: Provider, model: str, *models: ListedModel, priced: Tier = "premium") -> Tier:
    known = ProviderList(provider, {model.name: model for model in models})
    return DefaultTiers(Prices(), priced, {provider.id: known}.get).of(provider, model)


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        (REMOTE, "listed-price", "premium"),
        (REMOTE, "listed-free", "free"),
        (REMOTE, "no-price", "premium"),
        (REMOTE, "not-listed", "premium"),
        (REMOTE, "operators", "premium"),
        (REMOTE, "gift", "free"),
        (replace(REMOTE, own_key=True), "listed-price", "free"),
        (replace(REMOTE, simulated=True), "listed-price", "free"),
        (LOCAL, "no-price", "free"),
        (LOCAL, "operators", "free"),
        (LOCAL, "listed-price", "premium"),
        (replace(LOCAL, prices_id="groq"), PUBLISHED, "premium"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_a_model_that_costs_the_operator_money_is_in_the_tier_of_priced_models(provider: Provider, model: str, expected: Tier) -> None:
    listed = [ListedModel("listed-price", price=PAID), ListedModel("listed-free", price=FREE)]
    listed += [ListedModel(name) for name in ("no-price", "operators", PUBLISHED)]
    assert tier(provider, model, *listed) == expected


@pytest.mark.parametrize(("price", "expected"), [(PAID, "premium"), (FREE, "free"), (None, "free")])
def test_a_name_that_a_local_server_does_not_list_is_as_closed_as_its_list(price: ListPrice | None, expected: Tier) -> None:
    assert tier(LOCAL, "alias", ListedModel("listed", price=price)) == expected


@pytest.mark.parametrize("priced", ["free", "premium", "hidden"])
def test_the_tier_of_priced_models_is_a_setting(priced: Tier) -> None:
    assert tier(REMOTE, "no-price", priced=priced) == priced


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.1.7:8000/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://desk.local/v1", True),
        ("http://host.docker.internal:11434/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://localhost.example.com/v1", False),
    ],
)
def test_an_address_in_the_local_network_is_local(address: str, expected: bool) -> None:
    assert is_local(address) is expected


@pytest.fixture(scope="module")
def priced_model(scripted: ScriptedProvider) -> str:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.end(1, 1)

    scripted.named(PUBLISHED, answers)
    return f"groq/{PUBLISHED}"


@pytest.fixture(scope="module")
async def with_groq(portal: BlockingPortal, settings: Settings, scripted: ScriptedProvider, new_data_dir: NewDataDir) -> RunningService:
    changes = {"data_dir": new_data_dir(), "groq_api_key": SecretStr("made-up"), "groq_base_url": scripted.url}
    with portal.wrap_async_context_manager(running(settings.model_copy(update=changes))) as service:
        yield service


@pytest.fixture(scope="module")
async def people(with_groq: RunningService) -> AsyncIterator[tuple[User, User]]:
    """The administrator, who was the first, and a stranger who registered."""
    async with new_user(with_groq.url) as admin, new_user(with_groq.url) as stranger:
        yield admin, stranger


async def asked(user: User, model: str) -> int:
    return (await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})).status_code


async def test_a_new_user_cannot_spend_the_operators_money_and_an_administrator_can(people: tuple[User, User], priced_model: str) -> None:
    admin, stranger = people
    assert [await asked(stranger, model) for model in (priced_model, "sim/quick", "groq/not-listed")] == [403, 200, 403]
    assert [await asked(admin, model) for model in (priced_model, "sim/quick")] == [200, 200]


async def test_a_refusal_suggests_the_users_own_key_which_works(people: tuple[User, User], priced_model: str) -> None:
    _, stranger = people
    refused = await stranger.http.post("/playground/stream", json={"prompt": "Hi", "models": [priced_model]})
    assert "You can use it with your own key for Groq." in refused.json()["detail"]
    (await stranger.http.put("/users/me/provider-keys/groq", json={"key": "a-key-of-my-own"})).raise_for_status()
    assert await asked(stranger, priced_model) == 200
    (await stranger.http.delete("/users/me/provider-keys/groq")).raise_for_status()
    assert await asked(stranger, priced_model) == 403


async def test_an_administrators_setting_applies_and_other_settings_keep_the_tier(people: tuple[User, User], priced_model: str) -> None:
    admin, stranger = people
    renamed = (await admin.http.patch(f"/admin/models/{priced_model}", json={"displayName": "Llama"})).raise_for_status().json()
    assert renamed["settings"]["tier"] == "premium"
    assert await asked(stranger, priced_model) == 403
    (await admin.http.patch(f"/admin/models/{priced_model}", json={"tier": "free"})).raise_for_status()
    assert await asked(stranger, priced_model) == 200
