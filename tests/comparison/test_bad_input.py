"""What can't be run is refused before anything is sent, naming the field and the reason."""

import gzip
import json
from typing import Any

import pytest

from ..support.client import User

HI = {"prompt": "Hi", "models": ["sim/quick"]}

REFUSED: list[tuple[Any, str]] = [
    ({**HI, "prompt": ""}, "prompt"),
    ({**HI, "prompt": "   \n"}, "prompt"),
    ({"models": ["sim/quick"]}, "prompt"),
    ({**HI, "prompt": "x" * (256 * 1024 + 1)}, "prompt"),
    ({**HI, "prompt": "é" * (128 * 1024 + 1)}, "prompt"),
    ({**HI, "models": []}, "models"),
    ({**HI, "models": ["sim/quick"] * 17}, "models"),
    ({**HI, "models": "sim/quick"}, "models"),
    ({"prompt": "Hi", "lanes": [{"model": "sim/quick"}] * 17}, "lanes"),
    ({"prompt": "Hi"}, "models"),
    ({**HI, "lanes": [{"model": "sim/quick"}]}, "lanes"),
    ({**HI, "temperature": 2.1}, "temperature"),
    ({**HI, "temperature": -0.1}, "temperature"),
    ({**HI, "temperature": "hot"}, "temperature"),
    ({**HI, "maxTokens": 0}, "maxTokens"),
    ({**HI, "topP": 1.5}, "topP"),
    ({**HI, "stop": ["a"] * 5}, "stop"),
    ({**HI, "reasoningEffort": "huge"}, "reasoningEffort"),
    ({**HI, "onDisconnect": "explode"}, "onDisconnect"),
    ({**HI, "temprature": 1}, "temprature"),
    ({"prompt": "Hi", "lanes": [{"model": "sim/quick"}, {"model": "sim/quick", "temperature": 3}]}, "lanes.1.temperature"),
    ({"prompt": "Hi", "lanes": [{"temperature": 1}]}, "lanes.0.model"),
    ({**HI, "topP": 0}, "topP"),
    ({**HI, "seed": 2**63}, "seed"),
    ({**HI, "system": "x" * (256 * 1024 + 1)}, "system"),
    ({"prompt": "Hi", "sessionId": "x", "models": ["sim/quick"]}, "models"),
    ({"prompt": "Hi", "sessionId": "x", "maxTokens": 5}, "maxTokens"),
    ([HI], "body"),
    ({"prompt": "Hi", "models": ["sim/quick", "sim/nosuch"]}, "models.1"),
    ({"prompt": "Hi", "lanes": [{"model": "nosuch/model"}]}, "lanes.0.model"),
]


@pytest.mark.parametrize(("body", "field"), REFUSED)
async def test_bad_input_is_refused_by_the_name_of_its_field(user: User, body: Any, field: str):
    response = await user.http.post("/playground/stream", json=body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert field in [error["field"] for error in problem["errors"]]
    assert all(error["message"] for error in problem["errors"])
    assert (await user.http.get("/playground/sessions")).json()["items"] == []


async def test_of_fields_that_do_not_go_together_each_is_named(user: User):
    body = {"prompt": "Hi", "sessionId": "x", "models": ["sim/quick"], "topP": 0.5, "reasoningEffort": "low"}
    response = await user.http.post("/playground/stream", json=body)
    assert [error["field"] for error in response.json()["errors"]] == ["models", "topP", "reasoningEffort"]


async def test_an_unknown_model_is_named_and_a_similar_one_suggested(user: User):
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/quikc"]})
    [error] = response.json()["errors"]
    assert "quikc" in error["message"]
    assert "sim/quick" in error["message"]


async def test_every_unknown_model_is_named_at_once(user: User):
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["nope", "sim/quick", "nada"]})
    assert [error["field"] for error in response.json()["errors"]] == ["models.0", "models.2"]


async def test_a_prompt_of_256_kb_is_accepted(user: User):
    response = await user.http.post("/playground/stream", json={"prompt": "x" * 256 * 1024, "models": ["sim/quick"], "maxTokens": 5})
    assert response.status_code == 200


async def test_a_prompt_in_a_url_has_at_most_8_kb(user: User):
    response = await user.http.get("/playground/stream", params={"prompt": "x" * 8193, "models": "sim/quick"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "prompt"
    assert "POST" in response.json()["detail"]


@pytest.mark.parametrize("query", ["models=sim/quick", "prompt=Hi", "prompt=Hi&models=", "prompt=&models=sim/quick"])
async def test_a_missing_query_parameter_is_named(user: User, query: str):
    response = await user.http.get(f"/playground/stream?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] in ("prompt", "models")


async def test_a_body_that_is_not_json_is_refused(user: User):
    response = await user.http.post("/playground/stream", content=b"{nope", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_streaming_requires_a_token(user: User):
    for request in (
        user.http.build_request("POST", "/playground/stream", json=HI),
        user.http.build_request("GET", "/playground/stream?prompt=a&models=sim/quick"),
        user.http.build_request("GET", "/playground/stream?prompt=a&models=sim/quick&token=forged"),
    ):
        del request.headers["authorization"]
        response = await user.http.send(request)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_in_the_query_is_valid_for_streams_only(user: User):
    request = user.http.build_request("GET", f"/playground/sessions?token={user.token}")
    del request.headers["authorization"]
    assert (await user.http.send(request)).status_code == 401


async def test_the_next_turn_of_another_users_session_is_not_found(user: User, other_user: User):
    events = await user.compare("Mine", ["sim/quick"])
    body = {"prompt": "Next", "sessionId": events[0].data["sessionId"]}
    assert (await other_user.http.post("/playground/stream", json=body)).status_code == 404


@pytest.mark.parametrize("moment", ["2026", "0.5", "yesterday", "0001-01-01T00:00:00+14:00"])
async def test_an_invalid_date_is_refused(user: User, moment: str):
    response = await user.http.get("/playground/sessions", params={"from": moment})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "from"


async def test_a_date_in_any_zone_is_accepted(user: User):
    response = await user.http.get("/playground/sessions", params={"from": "1603-12-08T11:35:05-16:08", "to": "2026-01-01"})
    assert response.status_code == 200


@pytest.mark.parametrize("cursor", ["", "garbage", "01k9w3zj2c6v8n4r5t7y9b1d3f\x00", "O1K9W3ZJ2C6V8N4R5T7Y9B1D3F"])
async def test_an_invalid_cursor_is_refused_and_does_not_lead_to_a_wrong_page(user: User, cursor: str):
    response = await user.http.get("/playground/sessions", params={"cursor": cursor})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["cursor"]


async def test_a_header_is_named_like_in_the_documentation(user: User):
    response = await user.http.post("/playground/stream", json=HI, headers={"Idempotency-Key": "x" * 201})
    assert [error["field"] for error in response.json()["errors"]] == ["Idempotency-Key"]


async def test_an_unknown_query_parameter_is_named(user: User):
    response = await user.http.get("/playground/stream?prompt=a&models=sim/quick&temperature=5&sytem=b")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["sytem", "temperature"]
    assert (await user.http.get("/playground/sessions")).json()["items"] == []


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=utf-8", "text/plain"])
async def test_without_a_login_nothing_is_reported_about_the_body(user: User, content_type: str):
    response = await user.http.post("/playground/stream", content="{", headers={"Content-Type": content_type, "Authorization": ""})
    assert response.status_code == 401, response.text


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (json.dumps(HI), {}),
        (json.dumps(HI), {"Content-Type": "application/x-www-form-urlencoded"}),
        (json.dumps(HI), {"Content-Type": "text/plain"}),
        ("null", {"Content-Type": "application/json"}),
        ("5", {"Content-Type": "application/json"}),
        ("[]", {"Content-Type": "application/json"}),
        ("", {"Content-Type": "application/json"}),
    ],
)
@pytest.mark.parametrize("path", ["/playground/stream", "/playground/estimate"])
async def test_a_body_that_is_not_a_json_object_is_refused_with_the_expected_type(
    user: User, path: str, content: str, headers: dict[str, str]
):
    response = await user.http.post(path, content=content, headers=headers)
    assert response.status_code == 422
    assert response.json()["detail"] == "body: should be a JSON object, sent with Content-Type: application/json"


async def test_a_compressed_body_is_refused_with_the_reason(user: User):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = await user.http.post("/playground/stream", content=gzip.compress(json.dumps(HI).encode()), headers=headers)
    assert response.status_code == 422
    assert response.json()["detail"] == "body: should be sent without Content-Encoding, which is not supported"
