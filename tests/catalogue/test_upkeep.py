"""What administrators do with the catalogue, and the state of all providers, over HTTP."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from playground.kit.announcements import Announcements
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User, new_user
from ..support.folders import NewDataDir
from ..support.listing import ListingServer, listing_server
from .conftest import Build
from .upstream import running as running_catalogue
from .upstream import until, upstream


def price(amount: float) -> dict[str, Any]:
    return {"prompt": amount, "completion": amount, "unit": "per_million_tokens"}


@pytest.fixture(scope="module")
def listing(portal: BlockingPortal) -> Iterator[ListingServer]:
    lists: dict[str, list[dict[str, Any]]] = {
        "good": [{"id": "dear", "pricing": price(5)}, {"id": "cheap", "pricing": price(1)}, {"id": "openai/*", "pricing": price(0.1)}],
        "barred": [{"id": "locked"}],
        "empty": [],
        "moving": [{"id": "stays", "context_length": 1000}, {"id": "goes"}],
    }
    with portal.wrap_async_context_manager(listing_server(lists)) as server:
        yield server


@pytest.fixture(scope="module")
def service(
    portal: BlockingPortal, settings: Settings, listing: ListingServer, new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    with socket.socket() as closed:  # Once it is closed, no one listens there.
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    file: Path = tmp_path_factory.mktemp("upkeep") / "providers.toml"
    gone = f'[[provider]]\nid = "gone"\nname = "Gone"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
    file.write_text(listing.providers_toml() + gone)
    own = settings.model_copy(update={"data_dir": new_data_dir(), "providers_file": file})
    with portal.wrap_async_context_manager(running(own)) as service:
        yield service


@pytest.fixture(scope="module")
async def people(service: RunningService) -> AsyncIterator[tuple[User, User]]:
    """The administrator, who was the first, and a user."""
    async with new_user(service.url) as admin, new_user(service.url) as user:
        yield admin, user


@pytest.fixture
def admin(people: tuple[User, User]) -> User:
    return people[0]


@pytest.fixture
def user(people: tuple[User, User]) -> User:
    return people[1]


async def test_a_sync_fetches_all_lists_and_says_what_changed(admin: User, listing: ListingServer) -> None:
    (await admin.http.post("/models/sync")).raise_for_status()
    listing.lists["moving"] = [{"id": "stays", "context_length": 2000, "name": "Stays"}, {"id": "comes"}]
    synced = (await admin.http.post("/models/sync")).raise_for_status().json()["providers"]
    by_id = {each["id"]: each for each in synced}
    assert by_id["moving"] == {
        "id": "moving",
        "name": "Moving",
        "state": "ok",
        "error": None,
        "models": 2,
        "added": ["moving/comes"],
        "removed": ["moving/goes"],
        "changed": [{"id": "moving/stays", "fields": ["displayName", "contextWindow"]}],
    }
    assert (by_id["good"]["added"], by_id["good"]["removed"], by_id["good"]["changed"]) == ([], [], [])
    assert by_id["gone"]["state"] == "failed"
    assert by_id["gone"]["error"]
    assert (await admin.http.get("/models/moving/comes")).status_code == 200


async def test_a_test_asks_every_provider_for_one_token(admin: User, listing: ListingServer) -> None:
    (await admin.http.post("/models/sync")).raise_for_status()
    listing.asked.clear()
    tested = (await admin.http.post("/models/test")).raise_for_status().json()["providers"]
    found = {each["id"]: (each["reachable"], each["keyAccepted"], each["model"], each["code"]) for each in tested}
    assert found == {
        "good": (True, True, "good/cheap", None),
        "barred": (True, False, "barred/locked", "wrong_key"),
        "empty": (True, None, None, None),
        "moving": (True, True, "moving/stays", None),
        "gone": (False, None, None, "unreachable"),
        "sim": (True, True, found["sim"][2], None),
    }
    assert sorted(listing.asked) == ["barred/locked", "good/cheap", "moving/stays"]
    latencies = {each["id"]: each["latency"] for each in tested}
    assert latencies["good"] > 0
    assert latencies["gone"] is None
    assert all(each["message"] for each in tested)


async def test_a_test_leaves_out_models_that_are_switched_off(admin: User, listing: ListingServer) -> None:
    (await admin.http.patch("/admin/models/good/cheap", json={"active": False})).raise_for_status()
    tested = (await admin.http.post("/models/test")).raise_for_status().json()["providers"]
    assert next(each["model"] for each in tested if each["id"] == "good") == "good/dear"
    (await admin.http.patch("/admin/models/good/cheap", json={"active": True})).raise_for_status()


async def test_a_model_added_by_hand_is_listed_found_and_used_until_it_is_removed(admin: User, user: User) -> None:
    body = {"model": "empty/org/my-model", "displayName": "Mine", "contextWindow": 4096, "inputModalities": ["text", "image"]}
    made = await admin.http.post("/models", json=body)
    assert made.status_code == 201, made.text
    item = made.json()
    assert (item["id"], item["displayName"], item["contextWindow"], item["added"]) == ("empty/org/my-model", "Mine", 4096, True)
    assert item["categories"] == ["chat", "vision"]
    assert (await user.http.get("/models", params={"q": "mine"})).json()["items"] == [item]
    (await admin.http.post("/models/sync")).raise_for_status()
    assert (await user.http.get("/models/empty/org/my-model")).json() == item
    events = await user.compare("Hi", ["empty/org/my-model"])
    assert "listed" not in events[0].data["lanes"][0]
    assert (await admin.http.post("/models", json=body)).status_code == 409
    audit = (await admin.http.get("/admin/audit", params={"targetType": "model"})).json()["items"]
    assert audit[0]["action"] == "model.added"
    assert (await admin.http.delete("/models/empty/org/my-model")).status_code == 204
    assert (await user.http.get("/models/empty/org/my-model")).status_code == 404
    again = await admin.http.delete("/models/empty/org/my-model")
    assert (again.status_code, again.json()["type"]) == (404, "urn:playground:problem:model_not_added")


async def test_a_listed_model_cannot_be_added(admin: User) -> None:
    response = await admin.http.post("/models", json={"model": "good/cheap"})
    assert (response.status_code, response.json()["type"]) == (409, "urn:playground:problem:model_listed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": "nowhere/m"}, "model"),
        ({"model": "bare"}, "model"),
        ({"model": "good/"}, "model"),
        ({"model": "good/every*"}, "model"),
        ({"model": "sim/new"}, "model"),
        ({"model": "good/m", "contextWindow": 0}, "contextWindow"),
        ({"model": "good/m", "inputModalities": ["smell"]}, "inputModalities.0"),
        ({"model": "good/m", "displayName": " "}, "displayName"),
        ({"model": "good/m", "tier": "free"}, "tier"),
    ],
    ids=str,
)
async def test_a_model_that_cannot_be_is_refused_by_name_of_the_field(admin: User, body: dict[str, Any], field: str) -> None:
    response = await admin.http.post("/models", json=body)
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize(("method", "path"), [("POST", "/sync"), ("POST", "/test"), ("POST", ""), ("DELETE", "/good/cheap")])
async def test_all_this_is_for_administrators(user: User, method: str, path: str) -> None:
    assert (await user.http.request(method, f"/models{path}", json={"model": "good/new"} if path == "" else None)).status_code == 403


async def test_the_state_of_every_provider_counts_the_answers_of_the_last_hour(admin: User, user: User) -> None:
    (await admin.http.patch("/admin/models/good/cheap", json={"tier": "free"})).raise_for_status()
    before = {each["id"]: each for each in (await user.http.get("/models/providers")).raise_for_status().json()["items"]}
    await user.compare("Hi", ["good/cheap", "barred/locked"])
    await user.compare("Hi", ["good/cheap", "barred/absent"])
    after = {each["id"]: each for each in (await user.http.get("/models/providers")).raise_for_status().json()["items"]}
    assert list(after)[:6] == ["good", "barred", "empty", "moving", "gone", "sim"]
    assert after["good"]["lastHour"]["answers"] - before["good"]["lastHour"]["answers"] == 2
    assert (after["good"]["configured"], after["good"]["reachable"], after["good"]["models"]) == (True, True, 3)
    assert (after["good"]["lastHour"]["failureShare"], after["good"]["lastHour"]["lastError"]) == (0, None)
    assert after["good"]["lastHour"]["timeToFirstToken"] > 0
    assert after["good"]["lastHour"]["responseTime"] > 0
    assert after["barred"]["lastHour"]["failureShare"] == 1
    assert after["barred"]["lastHour"]["lastError"] == "model_not_found"
    assert (after["gone"]["reachable"], after["gone"]["state"]) == (False, "failed")
    assert after["gone"]["lastHour"] == {
        "answers": 0,
        "failures": 0,
        "failureShare": None,
        "timeToFirstToken": None,
        "responseTime": None,
        "lastError": None,
    }
    absent = after["openai"]
    assert (absent["configured"], absent["state"], absent["reachable"], absent["models"]) == (False, None, None, 0)


async def test_another_process_takes_a_fetched_list_over_when_it_is_announced(build: Build) -> None:
    async with upstream("a") as server:
        provider = server.provider("one")
        first, second = build(provider), build(provider)
        announcements = Announcements()
        second.listen(announcements)
        async with running_catalogue(second):
            await until(lambda: second.list_of("one").state == "ok")
            server.models = [{"id": "a"}, {"id": "b"}]
            await first.refresh("one")
            assert set(second.list_of("one").models) == {"a"}
            await announcements.announce("catalogue", "synced")
            await until(lambda: set(second.list_of("one").models) == {"a", "b"})
