"""API keys: made, shown once, used, revoked."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr

from playground.keys.api_keys.service import MOST_API_KEYS, ApiKeyService
from playground.keys.provider_keys.service import ProviderKeyService
from playground.keys.schemas import NewApiKey, ProviderKeyInput
from playground.kit.errors import NotAuthenticated
from playground.kit.ids import new_id
from playground.serving.server import RunningService

from ..support.client import User
from ..support.process import until
from .conftest import KEY, Query, make_key, status_with, with_key


async def test_a_key_is_shown_once_and_later_only_its_prefix(user: User) -> None:
    made = await make_key(user, name="  Nightly benchmark ")
    key = made.pop("key")
    assert made["name"] == "Nightly benchmark"
    assert made["prefix"] == key[: len(made["prefix"])]
    assert made["expiresAt"] is None
    assert made["lastUsedAt"] is None
    listed = await user.http.get("/users/me/api-keys")
    assert listed.json() == {"items": [made]}
    assert (await user.http.get(f"/users/me/api-keys/{made['id']}")).json() == made
    assert key not in listed.text


async def test_a_key_has_a_recognisable_prefix_and_32_hidden_random_bytes(owner: User) -> None:
    made = await make_key(owner)
    assert re.fullmatch(r"pg_[A-Za-z0-9_-]+", made["key"])
    assert 8 <= len(made["prefix"]) <= 16
    # A character of base64 holds six bits.
    assert (len(made["key"]) - len(made["prefix"])) * 6 >= 32 * 8
    assert (await make_key(owner))["key"] != made["key"]


async def test_the_response_with_a_key_is_not_cached(owner: User) -> None:
    response = await owner.http.post("/users/me/api-keys", json={"name": "Key"})
    assert response.headers["cache-control"] == "no-store"


async def test_only_a_hash_of_the_key_is_in_the_database(owner: User, query: Query) -> None:
    made = await make_key(owner)
    [row] = query("SELECT * FROM api_keys WHERE id = $1", made["id"])
    assert row["hash"] == hashlib.sha256(made["key"].encode()).hexdigest()
    assert made["key"] not in str(row)
    assert made["key"].removeprefix(made["prefix"]) not in str(row)


async def test_by_default_a_key_can_stream_and_read(owner: User) -> None:
    assert (await make_key(owner))["scopes"] == ["stream", "sessions:read", "models:read"]


async def test_duplicate_scopes_are_stored_once(owner: User) -> None:
    assert (await make_key(owner, scopes=["models:read", "stream", "models:read"]))["scopes"] == ["stream", "models:read"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": "stream"}, "scopes"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expires": "2120-01-01T00:00:00Z"}, "expires"),
    ],
)
async def test_an_invalid_request_names_its_field(owner: User, change: dict[str, Any], field: str) -> None:
    response = await owner.http.post("/users/me/api-keys", json={"name": "Key", **change})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_a_key_can_be_sent_in_its_own_header_or_as_bearer(owner: User) -> None:
    key = (await make_key(owner))["key"]
    async with httpx.AsyncClient(base_url=owner.http.base_url) as http:
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer   {key}"}):
            assert (await http.get("/models", headers=headers)).status_code == 200


async def test_a_key_acts_for_its_user(user: User, other_user: User) -> None:
    key = (await make_key(user))["key"]
    async with with_key(user, key) as http:
        body = {"prompt": "Hi", "models": ["sim/quick"]}
        assert (await http.post("/playground/stream", json=body)).status_code == 200
        [session] = (await http.get("/playground/sessions")).json()["items"]
    assert (await user.http.get(f"/playground/sessions/{session['id']}")).status_code == 200
    assert (await other_user.http.get(f"/playground/sessions/{session['id']}")).status_code == 404


@pytest.mark.parametrize("form", ["unknown", "empty", "cut", "longer", "hash", "other letters", "no key at all"])
async def test_an_invalid_key_is_a_401_problem(owner: User, form: str) -> None:
    key = (await make_key(owner))["key"]
    sent = {
        "unknown": "pg_" + "x" * 54,
        "empty": "",
        "cut": key[:-1],
        "longer": key + "A",
        "hash": hashlib.sha256(key.encode()).hexdigest(),
        "other letters": key.swapcase(),
        "no key at all": "\u00e9",
    }[form]
    async with httpx.AsyncClient(base_url=owner.http.base_url) as http:
        for name, value in (("X-API-Key", sent), ("Authorization", f"Bearer {sent}".rstrip())):
            response = await http.get("/models", headers={name: value.encode("latin-1")})
            assert response.status_code == 401
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json()["type"] == "urn:playground:problem:not_authenticated"
            assert not sent or sent not in response.text


async def test_an_invalid_key_with_a_valid_token_is_refused(owner: User) -> None:
    assert (await owner.http.get("/models", headers={"X-API-Key": "pg_nothing"})).status_code == 401


async def test_a_key_in_a_url_is_refused(owner: User) -> None:
    key = (await make_key(owner))["key"]
    query = {"prompt": "Hi", "models": "sim/quick", "token": key}
    async with httpx.AsyncClient(base_url=owner.http.base_url) as http:
        assert (await http.get("/playground/stream", params=query)).status_code == 401


async def test_a_revoked_key_is_refused(user: User) -> None:
    made, other = await make_key(user), await make_key(user)
    assert await status_with(user, made["key"]) == 200
    assert (await user.http.delete(f"/users/me/api-keys/{made['id']}")).status_code == 204
    assert await status_with(user, made["key"]) == 401
    assert await status_with(user, other["key"]) == 200
    assert [item["id"] for item in (await user.http.get("/users/me/api-keys")).json()["items"]] == [other["id"]]
    assert (await user.http.delete(f"/users/me/api-keys/{made['id']}")).status_code == 404


async def test_other_users_keys_are_not_found(user: User, other_user: User) -> None:
    made = await make_key(user)
    for method in ("GET", "DELETE"):
        assert (await other_user.http.request(method, f"/users/me/api-keys/{made['id']}")).status_code == 404
    assert (await other_user.http.get("/users/me/api-keys")).json() == {"items": []}
    assert await status_with(user, made["key"]) == 200


async def test_a_key_is_valid_until_it_expires(owner: User) -> None:
    expires_at = datetime.now(UTC) + timedelta(seconds=2)
    key = (await make_key(owner, expiresAt=expires_at.isoformat()))["key"]
    assert await status_with(owner, key) == 200 or datetime.now(UTC) >= expires_at

    async def refused() -> bool:
        return await status_with(owner, key) == 401

    await until(refused)
    assert datetime.now(UTC) >= expires_at


async def test_a_key_of_a_locked_account_is_refused(user: User, query: Query, portal: BlockingPortal, service: RunningService) -> None:
    key = (await make_key(user))["key"]
    assert await status_with(user, key) == 200
    query("UPDATE users SET active = false WHERE id = $1 RETURNING id", user.account["id"])
    portal.call(service.announcements.announce, "user", user.account["id"])
    assert await status_with(user, key) == 401


async def test_the_last_use_is_recorded_to_the_minute(owner: User) -> None:
    made = await make_key(owner)
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    for _ in range(5):
        assert await status_with(owner, made["key"]) == 200

    async def last_use() -> str | None:
        found: str | None = (await owner.http.get(f"/users/me/api-keys/{made['id']}")).json()["lastUsedAt"]
        return found

    used_at = datetime.fromisoformat(await until(last_use))
    assert before <= used_at <= datetime.now(UTC)
    assert (used_at.second, used_at.microsecond) == (0, 0)


async def test_the_number_of_keys_is_limited_even_if_they_are_created_simultaneously(user: User) -> None:
    statuses: list[int] = []

    async def make() -> None:
        statuses.append((await user.http.post("/users/me/api-keys", json={"name": "Key"})).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(MOST_API_KEYS + 5):
            tasks.start_soon(make)
    assert sorted(statuses) == [201] * MOST_API_KEYS + [409] * 5
    problem = (await user.http.post("/users/me/api-keys", json={"name": "Key"})).json()
    assert problem["type"] == "urn:playground:problem:too_many_api_keys"
    keys = (await user.http.get("/users/me/api-keys")).json()["items"]
    assert len(keys) == MOST_API_KEYS
    assert (await user.http.delete(f"/users/me/api-keys/{keys[0]['id']}")).status_code == 204
    assert (await user.http.post("/users/me/api-keys", json={"name": "Key"})).status_code == 201


def test_a_user_deleted_at_that_moment_gets_no_key(service: RunningService, portal: BlockingPortal, query: Query) -> None:
    gone, services = new_id(), service.services
    with pytest.raises(NotAuthenticated):
        portal.call(services.get(ApiKeyService).make, gone, NewApiKey(name="Key"))
    with pytest.raises(NotAuthenticated):
        portal.call(services.get(ProviderKeyService).put, gone, "groq", ProviderKeyInput(key=SecretStr(KEY)))
    assert query("SELECT id FROM audit_events WHERE actor_id = $1", gone) == []
