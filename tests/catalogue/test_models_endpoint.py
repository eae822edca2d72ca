"""`GET /models` over HTTP."""

from decimal import Decimal

from ..support.client import User


async def test_the_simulated_models_are_listed_with_price_window_and_mark(user: User):
    page = (await user.http.get("/models", params={"provider": "sim"})).json()
    by_id = {model["id"]: model for model in page["items"]}
    assert {"sim/quick", "sim/careful", "sim/verbose", "sim/reasoner", "sim/flaky", "sim/refuses", "sim/hangs", "sim/cuts-off"} == set(
        by_id
    )
    quick = by_id["sim/quick"]
    assert (quick["provider"], quick["name"], quick["simulated"], quick["stale"]) == ("sim", "quick", True, False)
    assert quick["contextWindow"] > 0
    assert Decimal(quick["price"]["input"]) > 0


async def test_the_state_of_every_provider_is_reported(user: User):
    providers = {provider["id"]: provider for provider in (await user.http.get("/models")).json()["providers"]}
    assert (providers["sim"]["state"], providers["sim"]["models"]) == ("ok", 8)
    assert providers["scripted"]["state"] == "failed"
    assert providers["scripted"]["error"]


async def test_models_require_a_login(user: User):
    del user.http.headers["Authorization"]
    assert (await user.http.get("/models")).status_code == 401
