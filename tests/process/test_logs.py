"""What the service logs while it is used, and what it must not."""

import re

import httpx
import pytest

from ..support.client import PASSWORD, User, of_type
from ..support.process import ServiceProcess
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import PROVIDER_KEY

PROMPT = "a prompt like no other 4711"
ANSWER = "an answer like no other 4712"


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write(ANSWER)
    await exchange.end(3, 4)


async def refuses(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": f"Incorrect API key {PROVIDER_KEY} for the prompt {PROMPT}."}})


async def breaks(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write(ANSWER)
    await exchange.send(b"data: {" + PROMPT.encode() + b"\n\n")


async def test_no_secret_and_no_prompt_is_logged(service: ServiceProcess, user: User, scripted: ScriptedProvider) -> None:
    models = [scripted.model(script) for script in (answers, refuses, breaks)]
    async with httpx.AsyncClient(base_url=service.url) as anonymous:
        query = {"prompt": PROMPT, "models": ",".join(models), "token": user.token}
        response = await anonymous.get("/playground/stream", params=query)
        assert response.status_code == 200
        assert ANSWER in response.text
        assert "failed" in response.text
        assert (await anonymous.get("/playground/stream", params={**query, "models": "nope"})).status_code == 422
        assert (await anonymous.get("/playground/stream", params={**query, "token": f"{user.token}x"})).status_code == 401
    events = await user.compare(PROMPT, [models[0]])
    assert of_type(events, "done")
    assert (await user.http.get("/playground/sessions", params={"q": PROMPT})).status_code == 200
    assert (await user.http.post("/auth/login", json={"email": user.account["email"], "password": PASSWORD})).status_code == 200
    assert (await user.http.post("/auth/refresh", json={"refreshToken": user.refresh_token})).status_code == 200

    await service.logged("request", path="/auth/refresh")
    secrets = [PROVIDER_KEY, PROMPT, PROMPT.replace(" ", "+"), PROMPT.replace(" ", "%20"), ANSWER, PASSWORD, user.token, user.refresh_token]
    for secret in [*secrets, (service.data_dir / "jwt-secret").read_text(), "token="]:
        assert secret not in service.stderr


async def test_a_providers_message_reaches_the_reader_without_its_key(user: User, scripted: ScriptedProvider) -> None:
    events = await user.compare(PROMPT, [scripted.model(refuses)])
    [error] = of_type(events, "error")
    assert error["code"] == "wrong_key"
    assert PROVIDER_KEY not in error["message"]


async def test_every_line_is_json_and_those_of_requests_carry_the_id_of_the_answer(service: ServiceProcess, user: User) -> None:
    response = await user.http.get("/models")
    line = await service.logged("request", request_id=response.headers["X-Request-ID"])
    assert (line["method"], line["path"], line["status"], line["level"]) == ("GET", "/models", 200, "info")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", line["timestamp"])
    assert all("request_id" in line for line in service.log if line["event"] == "request")


async def test_a_callers_own_request_id_is_used(service: ServiceProcess, user: User) -> None:
    response = await user.http.get("/models", headers={"X-Request-ID": "my-id.1"})
    assert response.headers["X-Request-ID"] == "my-id.1"
    await service.logged("request", request_id="my-id.1")


@pytest.mark.parametrize("unusable", ["with spaces", "x" * 65, 'a"b', ""], ids=["spaces", "too long", "a quote", "nothing"])
async def test_a_request_id_that_could_harm_a_log_is_replaced(user: User, unusable: str) -> None:
    response = await user.http.get("/models", headers={"X-Request-ID": unusable})
    assert response.headers["X-Request-ID"] not in ("", unusable)


async def test_a_run_is_logged_under_the_request_that_started_it(service: ServiceProcess, user: User) -> None:
    response = await user.http.post(
        "/playground/stream", json={"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 3}, headers={"X-Request-ID": "my-run"}
    )
    assert response.status_code == 200
    await service.logged("run_started", request_id="my-run", lanes=1)
    await service.logged("run_finished", request_id="my-run", statuses=["completed"])


async def test_refusals_carry_the_id_too(user: User) -> None:
    for response in (await user.http.get("/nowhere"), await user.http.post("/playground/stream", json={})):
        assert response.status_code in (404, 422)
        assert response.headers["X-Request-ID"]
