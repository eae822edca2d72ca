"""`/admin/models`: settings and prices of models."""

from decimal import Decimal
from typing import Any

import pytest

from ..support.client import User, of_type
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import SetModel, Sql


def answers(**usage: Any) -> Any:
    async def script(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.end(1_000, 500, **usage)

    return script


async def cost(user: User, model: str) -> Any:
    [metrics] = of_type(await user.compare("Hi", [model]), "metrics")
    return metrics["cost"], metrics["costSource"]


async def test_a_model_is_shown_with_its_data_and_its_settings(admin: User, set_model: SetModel) -> None:
    before = (await admin.http.get("/admin/models/sim/quick")).json()
    assert before["settings"] == {"active": True, "tier": "free", "displayName": None, "price": None}
    assert (before["ownSettings"], before["listed"], before["simulated"], before["price"]) == (False, True, True, before["knownPrice"])
    price = {"input": "1.5", "output": "2", "cachedInput": "0.25"}
    after = await set_model("sim/quick", tier="premium", price=price, displayName=" Quicker ")
    assert after["settings"] == {"active": True, "tier": "premium", "displayName": "Quicker", "price": price}
    assert (after["ownSettings"], after["price"], after["knownPrice"]) == (True, price, before["knownPrice"])
    assert (await admin.http.get("/admin/models/sim%2Fquick")).json() == after


async def test_absent_fields_of_a_change_stay(set_model: SetModel) -> None:
    await set_model("sim/quick", tier="premium", displayName="Q")
    changed = await set_model("sim/quick", active=False)
    assert changed["settings"] == {"active": False, "tier": "premium", "displayName": "Q", "price": None}
    assert (await set_model("sim/quick"))["settings"] == changed["settings"]
    assert (await set_model("sim/quick", displayName=None))["settings"]["displayName"] is None


async def test_a_set_price_overrides_all_others_and_null_removes_it(user: User, set_model: SetModel, scripted: ScriptedProvider) -> None:
    model = scripted.model(answers(prompt_tokens_details={"cached_tokens": 400}, cost=0.5))
    assert await cost(user, model) == ("0.002", "list")  # US$ 1 and 2 in the providers file.
    await set_model(model, price={"input": 10, "output": "20.5"})
    assert await cost(user, model) == ("0.02025", "list")
    await set_model(model, price={"input": 10, "output": "20.5", "cachedInput": "0"})
    assert await cost(user, model) == ("0.01625", "list")
    body = {"prompt": "Hi", "models": [model], "maxTokens": 1}
    [estimate] = (await user.http.post("/playground/estimate", json=body)).json()["lanes"]
    assert Decimal(estimate["cost"]["max"]) == (Decimal(10) * estimate["inputTokens"] + Decimal("20.5")) / 1_000_000
    await set_model(model, price=None)
    assert await cost(user, model) == ("0.002", "list")


async def test_a_set_price_makes_an_unknown_cost_known(user: User, set_model: SetModel, scripted: ScriptedProvider) -> None:
    model = scripted.model(answers(), priced=False)
    assert await cost(user, model) == (None, None)
    await set_model(model, price={"input": "0.000001", "output": "0"})
    assert await cost(user, model) == ("0.000000001", "list")


async def test_a_set_price_shows_in_the_list_of_models(user: User, set_model: SetModel) -> None:
    await set_model("sim/quick", price={"input": "7", "output": "8"})
    [item] = (await user.http.get("/models", params={"q": "sim/quick"})).json()["items"]
    assert item["price"] == {"input": "7", "output": "8", "cachedInput": None}


async def test_models_can_have_settings_before_their_provider_is_set_up_or_lists_them(admin: User, set_model: SetModel) -> None:
    item = await set_model("groq/llama-3.3-70b-versatile", tier="hidden")
    assert (item["listed"], item["settings"]["tier"], item["knownPrice"]["input"]) == (False, "hidden", "0.59")
    page = (await admin.http.get("/admin/models", params={"tier": "hidden"})).json()
    assert [each["id"] for each in page["items"]] == ["groq/llama-3.3-70b-versatile"]


@pytest.mark.parametrize("model", ["nosuch/model", "quick", "groq/", "sim"])
async def test_a_model_of_an_unknown_provider_is_not_found(admin: User, model: str) -> None:
    for response in (await admin.http.get(f"/admin/models/{model}"), await admin.http.patch(f"/admin/models/{model}", json={})):
        assert response.status_code == 404
        assert "provider/model" in response.json()["detail"]


@pytest.mark.parametrize("model", ["sim/novel", "sim/qu*ck", "sim/quick ", "groq/%20", "scripted/a*", "scripted/a%09b", "mistral/*"])
async def test_a_model_that_no_one_can_run_is_refused(admin: User, sql: Sql, model: str) -> None:
    response = await admin.http.patch(f"/admin/models/{model}", json={"tier": "premium"})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:playground:problem:unknown_model"
    assert [error["field"] for error in response.json()["errors"]] == ["model"]
    assert sql("SELECT model FROM model_settings") == []


async def test_a_setting_applies_to_the_routes_of_a_model_until_they_have_their_own(set_model: SetModel) -> None:
    await set_model("huggingface/org/m", tier="premium", displayName="M")
    route = await set_model("huggingface/org/m:groq")
    assert (route["settings"]["tier"], route["ownSettings"]) == ("premium", False)
    route = await set_model("huggingface/org/m:groq", price={"input": 1, "output": 1})
    # What is set for the route alone begins with what held before: a price must not open what is closed.
    assert (route["settings"]["tier"], route["settings"]["displayName"], route["ownSettings"]) == ("premium", "M", True)


async def test_two_names_of_one_model_have_one_setting(set_model: SetModel) -> None:
    await set_model("ollama/llama3.2", tier="premium")
    assert (await set_model("ollama/llama3.2:latest"))["settings"]["tier"] == "premium"
    assert (await set_model("ollama/LLAMA3.2"))["settings"]["tier"] == "premium"


async def test_the_list_has_listed_and_set_models_and_is_searched_filtered_and_paged(admin: User, set_model: SetModel) -> None:
    async def ids(**query: Any) -> list[str]:
        response = await admin.http.get("/admin/models", params=query)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["items"]]

    await set_model("sim/quick", displayName="Speedy")
    await set_model("groq/x", active=False)
    await set_model("mistral/novel", tier="premium")
    whole = await ids()
    assert whole == sorted(whole)
    assert {"groq/x", "sim/quick", "mistral/novel", "sim/careful"} <= set(whole)
    assert await ids(q="SPEEDY sim") == ["sim/quick"]
    assert await ids(provider="groq") == ["groq/x"]
    assert await ids(active="false") == ["groq/x"]
    assert await ids(tier="premium") == ["groq/x", "mistral/novel"]  # The first by default.
    together, cursor = [], None
    while True:
        page = (await admin.http.get("/admin/models", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        together += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert together == whole


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": {"input": "-1", "output": "1"}}, "price.input"),
        ({"price": {"input": "1"}}, "price.output"),
        ({"price": {"input": "1000000", "output": "1"}}, "price.input"),
        ({"price": {"input": "NaN", "output": "1"}}, "price.input"),
        ({"price": {"input": "0.0000000000001", "output": "1"}}, "price.input"),
        ({"price": {"input": "1", "output": "1", "cached": "1"}}, "price.cached"),
        ({"tier": "gold"}, "tier"),
        ({"active": "perhaps"}, "active"),
        ({"displayName": " "}, "displayName"),
        ({"displayName": "x" * 201}, "displayName"),
        ({"name": "x"}, "name"),
    ],
    ids=str,
)
async def test_an_invalid_change_names_its_field_and_changes_nothing(admin: User, change: dict[str, Any], field: str) -> None:
    response = await admin.http.patch("/admin/models/sim/quick", json={"tier": "premium"} | change)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert (await admin.http.get("/admin/models/sim/quick")).json()["settings"]["tier"] == "free"
