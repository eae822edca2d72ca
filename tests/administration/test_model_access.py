"""Which models a role may use, and what somebody is told who may not."""

from typing import Any

import pytest

from ..support.client import User
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import SetModel


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("Hi")
    await exchange.end(3, 4)


@pytest.fixture
def model(scripted: ScriptedProvider) -> str:
    return scripted.model(answers)


async def status(user: User, model: str) -> int:
    return (await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})).status_code


@pytest.mark.parametrize(
    ("decided", "allowed"),
    [
        ({"tier": "free"}, (200, 200, 200)),
        ({"tier": "premium"}, (403, 200, 200)),
        ({"tier": "hidden"}, (403, 403, 200)),
        ({"active": False}, (403, 403, 403)),
        ({"active": False, "tier": "hidden"}, (403, 403, 403)),
    ],
    ids=str,
)
async def test_a_tier_is_available_to_its_roles_and_an_inactive_model_to_no_one(
    admin: User, premium: User, user: User, set_model: SetModel, model: str, decided: dict[str, Any], allowed: tuple[int, ...]
) -> None:
    await set_model(model, **decided)
    assert tuple([await status(each, model) for each in (user, premium, admin)]) == allowed


async def test_a_refusal_names_field_model_tier_and_what_is_allowed_and_nothing_is_recorded_or_sent(
    user: User, set_model: SetModel, model: str, scripted: ScriptedProvider
) -> None:
    await set_model(model, tier="premium")
    await set_model("sim/careful", tier="hidden")
    await set_model("sim/verbose", active=False)
    lanes = [{"model": name} for name in ("sim/quick", model, "sim/careful", "sim/verbose")]
    prompt = "Never to be recorded"
    response = await user.http.post("/playground/stream", json={"prompt": prompt, "lanes": lanes})
    assert response.status_code == 403
    problem = response.json()
    assert problem["type"] == "urn:playground:problem:model_not_allowed"
    assert [error["field"] for error in problem["errors"]] == ["lanes.1.model", "lanes.2.model", "lanes.3.model"]
    assert [error["message"] for error in problem["errors"]] == [
        f"{model} is in the tier premium, which requires the role premium or admin; your role is user.",
        "sim/careful is in the tier hidden, which requires the role admin; your role is user.",
        "sim/verbose is switched off by an administrator.",
    ]
    instead = problem["detail"].rpartition("You can use ")[2]
    assert "sim/" in instead
    assert not {"sim/careful", "sim/verbose", model} & set(instead.rstrip(".").replace(" or ", ", ").split(", "))
    assert scripted.asked(model) == []
    assert (await user.http.get("/playground/sessions", params={"q": prompt})).json()["items"] == []


async def test_a_hidden_model_is_reported_as_unknown(user: User, admin: User, set_model: SetModel) -> None:
    await set_model("sim/careful", tier="hidden")
    hidden = await user.http.get("/models/sim/careful")
    absent = await user.http.get("/models/sim/carefu")
    assert hidden.status_code == absent.status_code == 404
    assert "sim/careful" not in absent.text
    assert hidden.json()["detail"] == absent.json()["detail"]
    assert (await user.http.put("/models/sim/careful/favourite")).status_code == 404
    assert (await admin.http.get("/models/sim/careful")).status_code == 200


async def test_unknown_names_are_reported_before_refused_ones(user: User, set_model: SetModel, model: str) -> None:
    await set_model(model, tier="premium")
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model, "sim/nosuch"]})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["models.1"]


async def test_a_user_without_any_allowed_model_gets_a_clear_error(user: User, set_model: SetModel) -> None:
    for each in (await user.http.get("/models")).json()["items"]:
        await set_model(each["id"], tier="premium")
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/quick"]})
    assert response.json()["detail"].endswith("Currently there is no model that you can use.")


async def test_the_next_turn_of_an_old_session_is_refused_when_its_model_is_no_longer_allowed(
    user: User, set_model: SetModel, model: str, scripted: ScriptedProvider
) -> None:
    events = await user.compare("Hi", [model])
    await set_model(model, tier="premium")
    body = {"prompt": "More", "sessionId": events[0].data["sessionId"]}
    for path in ("/playground/stream", "/playground/estimate"):
        response = await user.http.post(path, json=body)
        assert response.status_code == 403
        assert [error["field"] for error in response.json()["errors"]] == ["sessionId"]
        assert model in response.json()["errors"][0]["message"]
    assert len(scripted.asked(model)) == 1
    assert len((await user.session(body["sessionId"]))["turns"]) == 1


async def test_streams_by_url_and_estimates_are_refused_too(user: User, set_model: SetModel, model: str) -> None:
    await set_model(model, tier="premium")
    by_address = await user.http.get("/playground/stream", params={"prompt": "Hi", "models": f"sim/quick,{model}"})
    estimate = await user.http.post("/playground/estimate", json={"prompt": "Hi", "models": ["sim/quick", model]})
    for response in (by_address, estimate):
        assert response.status_code == 403
        assert [error["field"] for error in response.json()["errors"]] == ["models.1"]


async def test_a_list_marks_allowed_models_and_omits_hidden_ones(admin: User, premium: User, user: User, set_model: SetModel) -> None:
    await set_model("sim/careful", tier="premium", displayName="The careful one")
    await set_model("sim/verbose", tier="hidden")
    await set_model("sim/reasoner", active=False)
    seen = {}
    for name, reader in (("user", user), ("premium", premium), ("admin", admin)):
        page = (await reader.http.get("/models", params={"provider": "sim"})).json()
        seen[name] = {item["id"]: (item["tier"], item["active"], item["allowed"]) for item in page["items"]}
        [count] = [provider["models"] for provider in page["providers"] if provider["id"] == "sim"]
        assert count == len(page["items"])
        assert {item["displayName"] for item in page["items"] if item["id"] == "sim/careful"} == {"The careful one"}
    assert seen["user"]["sim/quick"] == ("free", True, True)
    assert [seen[role]["sim/careful"] for role in seen] == [("premium", True, False), ("premium", True, True), ("premium", True, True)]
    assert [seen[role].get("sim/verbose") for role in seen] == [None, None, ("hidden", True, True)]
    assert [seen[role]["sim/reasoner"] for role in seen] == [("free", False, False)] * 3
    assert [item["id"] for item in (await user.http.get("/models", params={"q": "careful one"})).json()["items"]] == ["sim/careful"]


async def test_a_hidden_model_is_not_suggested_and_not_found_by_its_bare_name(admin: User, user: User, set_model: SetModel) -> None:
    await set_model("sim/verbose", tier="hidden")
    for asked, suggested in ((user, False), (admin, True)):
        response = await asked.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/verbos"]})
        assert response.status_code == 422
        assert ("sim/verbose" in response.text) is suggested
    assert await status(user, "verbose") == 422
    assert await status(admin, "verbose") == 200


async def test_a_model_is_refused_in_any_case_of_letters_where_its_list_is_not_known(
    user: User, set_model: SetModel, model: str, scripted: ScriptedProvider
) -> None:
    await set_model(model, tier="hidden")
    assert await status(user, model.replace("/m", "/M")) == 403


async def test_a_reactivated_model_is_available_immediately(user: User, set_model: SetModel, model: str) -> None:
    await set_model(model, active=False)
    assert await status(user, model) == 403
    await set_model(model, active=True)
    assert await status(user, model) == 200


async def test_a_repeated_request_joins_a_run_that_was_allowed_at_its_start(user: User, set_model: SetModel, model: str) -> None:
    async def start() -> int:
        headers = {"Idempotency-Key": model}
        return (await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]}, headers=headers)).status_code

    assert await start() == 200
    await set_model(model, tier="premium")
    assert await start() == 200
