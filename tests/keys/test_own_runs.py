"""Runs on one's own keys: asked with them, recorded as such, and never with a key of somebody else's."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import Event, User, next_event, of_type, text_of
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import KEY, Query, put, query_in

SERVER_KEY = "test-key"


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("Here.")
    await exchange.end(1_000_000, 500_000)


async def answer_in(user: User, events: list[Event], lane: int = 0) -> dict[str, Any]:
    session = await user.session(events[0].data["sessionId"])
    answer: dict[str, Any] = session["turns"][-1]["answers"][lane]
    return answer


async def test_the_users_own_key_is_used_instead_of_the_servers(user: User, other_user: User, scripted: ScriptedProvider) -> None:
    model = scripted.model(answers)
    await put(user, "scripted")
    events = await user.compare("Hi", [model, "sim/quick"])
    others = await other_user.compare("Hi", [model])
    assert scripted.keys_for(model) == [KEY, SERVER_KEY]
    # It is told and kept, and priced all the same: it is real money, though not the server's.
    assert [of_type(events, "metrics", lane)[0]["ownKey"] for lane in (0, 1)] == [True, False]
    assert of_type(events, "done")[0]["totalCost"] == "2"
    assert [(await answer_in(user, events, lane))["ownKey"] for lane in (0, 1)] == [True, False]
    assert (await answer_in(other_user, others))["ownKey"] is False
    page = await user.http.get("/playground/sessions", params={"include": "answers"})
    assert [figures["ownKey"] for figures in page.json()["items"][0]["answers"]] == [True, False]


async def test_the_next_run_uses_the_newly_stored_key(user: User, scripted: ScriptedProvider) -> None:
    model = scripted.model(answers)
    events = await user.compare("One?", [model])
    await put(user, "scripted")
    body = {"prompt": "Two?", "sessionId": events[0].data["sessionId"]}
    assert (await user.http.post("/playground/stream", json=body)).status_code == 200
    await put(user, "scripted", key="sk-another-0123456789")
    assert (await user.http.post("/playground/stream", json=body)).status_code == 200
    assert (await user.http.delete("/users/me/provider-keys/scripted")).status_code == 204
    assert (await user.http.post("/playground/stream", json=body)).status_code == 200
    assert scripted.keys_for(model) == [SERVER_KEY, KEY, "sk-another-0123456789", SERVER_KEY]
    session = await user.session(events[0].data["sessionId"])
    assert [turn["answers"][0]["ownKey"] for turn in session["turns"]] == [False, True, True, False]


async def test_a_running_turn_shows_that_it_uses_an_own_key(user: User, scripted: ScriptedProvider) -> None:
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Half")
        await gate.wait()
        await exchange.end(3, 4)

    await put(user, "scripted")
    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        assert (await user.session(session.data["sessionId"]))["turns"][0]["answers"][0]["ownKey"] is True
        # What is under way goes on with the key that it began with.
        assert (await user.http.delete("/users/me/provider-keys/scripted")).status_code == 204
        gate.open()
        assert (await next_event(events, "metrics")).data["ownKey"] is True


async def test_a_repeated_request_reports_the_own_key_again(user: User, scripted: ScriptedProvider) -> None:
    await put(user, "scripted")
    body = {"prompt": "Hi", "models": [scripted.model(answers)]}
    first = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "once"})
    again = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "once"})
    assert '"ownKey":true' in first.text
    assert '"ownKey":true' in again.text


async def test_a_provider_without_the_servers_key_is_available_only_to_the_keys_user(
    free_user: User, other_free_user: User, scripted: ScriptedProvider
) -> None:
    model = scripted.model(answers).replace("scripted/", "mistral/")
    refused = await free_user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})
    assert refused.status_code == 422
    assert "your own key" in refused.json()["detail"]
    await put(free_user, "mistral", baseUrl=scripted.url)
    events = await free_user.compare("Hi", [model])
    assert text_of(events, 0) == "Here."
    assert scripted.keys_for(model) == [KEY]
    answer = await answer_in(free_user, events)
    assert (answer["ownKey"], answer["status"]) == (True, "completed")
    others = await other_free_user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})
    assert others.json()["type"] == "urn:playground:problem:unknown_model"
    # Its next turn needs the key as well.
    await free_user.http.delete("/users/me/provider-keys/mistral")
    body = {"prompt": "And?", "sessionId": events[0].data["sessionId"]}
    assert (await free_user.http.post("/playground/stream", json=body)).status_code == 422


async def test_a_users_own_account_may_have_models_that_the_servers_list_lacks(free_user: User, scripted: ScriptedProvider) -> None:
    await put(free_user, "openai", baseUrl=scripted.url)
    model = scripted.model(answers).replace("scripted/", "openai/")
    assert of_type(await free_user.compare("Hi", [model]), "status")[-1]["status"] == "completed"
    for bad in ("openai/", "openai"):
        assert (await free_user.http.post("/playground/stream", json={"prompt": "Hi", "models": [bad]})).status_code == 422


async def test_an_estimate_uses_the_users_own_providers(free_user: User, scripted: ScriptedProvider) -> None:
    await put(free_user, "openai", baseUrl=scripted.url)
    response = await free_user.http.post("/playground/estimate", json={"prompt": "Hi", "models": ["openai/gpt-4o-mini"]})
    [lane] = response.json()["lanes"]
    assert Decimal(lane["cost"]["max"]) > 0


async def test_a_key_stored_at_one_replica_is_used_at_the_other(
    free_user: User, replicas: list[RunningService], scripted: ScriptedProvider
) -> None:
    async def hear_each_other() -> bool:
        return all(replica.announcements.connected for replica in replicas)

    await until(hear_each_other)
    model = scripted.model(answers)
    free_user.http.base_url = replicas[1].url
    await free_user.compare("Hi", [model])
    free_user.http.base_url = replicas[0].url
    await put(free_user, "scripted")
    free_user.http.base_url = replicas[1].url

    async def used() -> bool:
        return of_type(await free_user.compare("Hi", [model]), "metrics")[0]["ownKey"] is True

    with anyio.fail_after(20):
        await until(used)
    assert scripted.keys_for(model)[0] == SERVER_KEY
    assert scripted.keys_for(model)[-1] == KEY


async def test_a_key_copied_to_another_users_row_is_useless(
    portal: BlockingPortal, replicas: list[RunningService], free_user: User, other_free_user: User, scripted: ScriptedProvider
) -> None:
    query = query_in(portal, replicas[0])
    owner, thief = free_user.account["id"], other_free_user.account["id"]
    model = scripted.model(answers)

    async def attempt(user: User) -> int:
        portal.call(replicas[0].announcements.announce, "provider_key", user.account["id"])
        return (await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]})).status_code

    await put(free_user, "scripted")
    query(
        "INSERT INTO provider_keys (user_id, provider, ciphertext, base_url, hint, updated_at) "
        "SELECT $1, provider, ciphertext, base_url, hint, now() FROM provider_keys WHERE user_id = $2 RETURNING user_id",
        thief,
        owner,
    )
    assert await attempt(other_free_user) == 409
    # Nor does the key go to an address that somebody wrote into its own row.
    query("UPDATE provider_keys SET base_url = $2 WHERE user_id = $1 RETURNING user_id", owner, scripted.url)
    assert await attempt(free_user) == 409
    query("UPDATE provider_keys SET base_url = NULL WHERE user_id = $1 RETURNING user_id", owner)
    assert await attempt(free_user) == 200
    assert scripted.keys_for(model) == [KEY]


def another(portal: BlockingPortal, settings: Settings, **changes: Any) -> AbstractContextManager[RunningService]:
    """One more service on the same database."""
    return portal.wrap_async_context_manager(running(settings.model_copy(update=changes)))


@pytest.fixture(scope="module")
def strict(portal: BlockingPortal, shared_settings: Settings, replicas: list[RunningService]) -> Iterator[RunningService]:
    """One that lets users' addresses lead to the public internet alone, and has an Ollama of its own."""
    changes = {"allow_private_provider_urls": False, "ollama_base_url": "http://127.0.0.1:1/v1"}
    with another(portal, shared_settings, **changes) as service:
        yield service


async def test_a_base_url_that_is_no_longer_allowed_is_not_called(
    free_user: User, strict: RunningService, scripted: ScriptedProvider
) -> None:
    model = scripted.model(answers)
    for provider, base_url in {
        "openai": scripted.url,
        "groq": scripted.url.replace("http://", "https://"),
        "mistral": scripted.url.replace("http://127.0.0.1", "https://localhost"),
    }.items():
        await put(free_user, provider, baseUrl=base_url)
    free_user.http.base_url = strict.url
    names = [model.replace("scripted/", f"{provider}/") for provider in ("openai", "groq", "mistral")]
    events = await free_user.compare("Hi", [*names, model])
    for lane in range(3):
        [error] = of_type(events, "error", lane)
        assert (error["code"], error["retryable"]) == ("address_refused", False)
        [metrics] = of_type(events, "metrics", lane)
        assert (metrics["ownKey"], metrics["cost"], metrics["attempts"]) == (True, "0", 1)
    assert "https://" in of_type(events, "error", 0)[0]["message"]
    assert "public internet" in of_type(events, "error", 1)[0]["message"]
    # The operator's provider is at the same address, and is asked.
    assert text_of(events, 3) == "Here."
    assert scripted.keys_for(model) == [SERVER_KEY]
    assert (await free_user.http.post("/users/me/provider-keys/groq/test")).json()["code"] == "address_refused"


async def test_an_operators_server_without_keys_cannot_be_used_with_a_users_key(free_user: User, strict: RunningService) -> None:
    free_user.http.base_url = strict.url
    response = await free_user.http.put("/users/me/provider-keys/ollama", json={"key": KEY})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "baseUrl"
    listed = (await free_user.http.get("/users/me/provider-keys")).json()["providers"]
    assert next(each for each in listed if each["id"] == "ollama")["needsBaseUrl"] is True


def ciphertexts(query: Query, user: User) -> list[dict[str, Any]]:
    return query("SELECT ciphertext FROM provider_keys WHERE user_id = $1", user.account["id"])


async def test_a_key_whose_secret_is_lost_is_reported_and_not_replaced_by_the_servers(
    portal: BlockingPortal, shared_settings: Settings, free_user: User, other_free_user: User, scripted: ScriptedProvider
) -> None:
    model = scripted.model(answers)
    await put(free_user, "scripted")
    await put(other_free_user, "scripted")
    new, old = ("n" * 40, shared_settings.encryption_secrets()[0])
    with another(portal, shared_settings, encryption_secret=SecretStr(new)) as lost:
        free_user.http.base_url = other_free_user.http.base_url = lost.url
        for path in ("/playground/stream", "/playground/estimate"):
            response = await free_user.http.post(path, json={"prompt": "Hi", "models": ["sim/quick", model]})
            assert response.status_code == 409
            assert response.json()["type"] == "urn:playground:problem:provider_key_unreadable"
            assert "Scripted" in response.json()["detail"]
        assert (await free_user.http.post("/users/me/provider-keys/scripted/test")).status_code == 409
        assert (await free_user.http.get("/users/me/provider-keys")).json()["items"][0]["readable"] is False
        assert scripted.asked(model) == []
        # Other models are not concerned, and a key that is stored again is good.
        assert text_of(await free_user.compare("Hi", ["sim/quick"]), 0)
        assert (await put(free_user, "scripted"))["readable"] is True
        await free_user.compare("Hi", [model])

        # A service that still has the earlier secret encrypts everything with the new one, for those who never had the earlier one.
        query = query_in(portal, lost)
        sealed = ciphertexts(query, other_free_user)
        with another(portal, shared_settings, encryption_secret=SecretStr(new), encryption_previous_secrets=(SecretStr(old),)):

            async def renewed() -> bool:
                return ciphertexts(query, other_free_user) != sealed

            await until(renewed)
        await other_free_user.compare("Hi", [model])
    assert scripted.keys_for(model) == [KEY, KEY]
