"""No key reaches an event, a record, the journal or the log, also when the provider repeats it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from playground.serving.server import RunningService
from playground.settings import Settings

from ..support.client import new_user, next_event, of_type
from ..support.process import ServiceProcess, serving, until_journal_holds
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import KEY, make_key, put, query_in


async def refuses(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": f"Incorrect API key provided: {exchange.key}."}})


async def refuses_without_json(exchange: Exchange) -> None:
    body = f"no such key: {exchange.key}".encode()
    await exchange.send(b"HTTP/1.1 400 No\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def redirects(exchange: Exchange) -> None:
    location = f"Location: https://elsewhere.example/v1?key={exchange.key}\r\n"
    await exchange.error(307, {}, headers=location)


async def fails_in_its_stream(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.event({"error": {"message": f"Lost the key {exchange.key}.", "code": 500}})


async def breaks_its_stream(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(f"data: the key was {exchange.key}\n\n".encode())


async def answers_something_else(exchange: Exchange) -> None:
    body = f"<title>Hello {exchange.key}</title>".encode()
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.fixture(scope="module")
def service(shared_settings: Settings, replicas: list[RunningService], providers_file: Path) -> Iterator[ServiceProcess]:
    """One that logs all that it can."""
    with serving(
        shared_settings.data_dir,
        LOG_LEVEL="debug",
        PLAYGROUND_PROVIDERS_FILE=providers_file,
        ALLOW_PRIVATE_PROVIDER_URLS=True,
        SHUTDOWN_GRACE_SECONDS=0,
    ) as service:
        yield service


async def test_no_key_is_shown_or_logged(
    service: ServiceProcess, scripted: ScriptedProvider, portal: BlockingPortal, replicas: list[RunningService]
) -> None:
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("waiting")
        await gate.wait()
        await exchange.end(3, 4)

    failing = (refuses, refuses_without_json, redirects, fails_in_its_stream, breaks_its_stream, answers_something_else)
    models = [scripted.model(script) for script in (waits, *failing)]
    async with new_user(service.url) as user:
        api_key = (await make_key(user))["key"]
        await put(user, "scripted")
        await put(user, "mistral", baseUrl=scripted.url)
        models.append(models[1].replace("scripted/", "mistral/"))
        tested = [(await user.http.post(f"/users/me/provider-keys/{provider}/test")).text for provider in ("scripted", "mistral")]
        told = [await user.http.put("/users/me/provider-keys/openai", json={"key": f"{KEY} {KEY}"})]
        told.append(await user.http.put("/users/me/provider-keys/openai", content=f'{{"key": "{KEY}"', headers={"X-API-Key": ""}))
        user.http.headers = {"X-API-Key": api_key}
        async with user.stream(json={"prompt": "Hi", "models": models}) as events:
            seen = [await next_event(events, "session")]
            await until_journal_holds(service, "waiting")
            journal = service.journal()
            gate.open()
            seen += [event async for event in events]
        session = await user.http.get(f"/playground/sessions/{seen[0].data['sessionId']}")
        user.http.headers = {"Authorization": f"Bearer {user.token}"}
        listed = (await user.http.get("/users/me/provider-keys")).text + (await user.http.get("/users/me/api-keys")).text
        query = query_in(portal, replicas[0])
        rows = [query(f"SELECT * FROM {table}") for table in ("answers", "lanes", "turns", "sessions", "provider_keys", "api_keys")]  # noqa: S608 - names of ours
    # All of them saw the key, and most told of it.
    assert all(KEY in scripted.keys_for(model) for model in models)
    errors = [error for lane in range(1, len(models)) for error in of_type(seen, "error", lane)]
    assert len(errors) == len(models) - 1
    assert sum("[key]" in error["message"] for error in errors) >= 5
    assert [answer["ownKey"] for answer in session.json()["turns"][0]["answers"]] == [True] * len(models)

    hidden_part = KEY[4:-4]
    everything = {
        "events": json.dumps([event.data for event in seen]),
        "session": session.text,
        "journal": journal,
        "answers to requests": listed + "".join(tested) + "".join(response.text for response in told),
        "log": service.stderr,
        "database": str(rows),
    }
    assert '"own_key":true' in everything["journal"]
    assert "run_finished" in everything["log"]
    for place, text in everything.items():
        assert KEY not in text, place
        assert hidden_part not in text, place
        assert api_key not in text, place
