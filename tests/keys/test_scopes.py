"""What each scope of an API key opens, and that it opens nothing else."""

import re
from typing import get_args

import httpx
import pytest

from playground.accounts.identity import Scope

from ..support.client import User
from ..support.openapi import document
from .conftest import make_key, with_key

SCOPES: tuple[str, ...] = get_args(Scope)
OPERATIONS = {(method.upper(), path): operation for path, methods in document()["paths"].items() for method, operation in methods.items()}
OPENED = {
    ("POST", "/playground/stream"): "stream",
    ("GET", "/playground/stream"): "stream",
    ("POST", "/playground/estimate"): "stream",
    ("GET", "/playground/sessions/{session_id}/stream"): "stream",
    ("POST", "/playground/sessions/{session_id}/stop"): "stream",
    ("GET", "/playground/sessions"): "sessions:read",
    ("GET", "/playground/sessions/{session_id}"): "sessions:read",
    ("PATCH", "/playground/sessions/{session_id}"): "sessions:write",
    ("DELETE", "/playground/sessions/{session_id}"): "sessions:write",
    ("GET", "/models"): "models:read",
}
CLOSED = re.compile(r"/(auth|admin|users/me/(api-keys|provider-keys|password|logins|sessions))(/|$)")
"""Keys, passwords, accounts: no key may touch them."""


@pytest.fixture(scope="module")
async def keys(owner: User) -> dict[str, str]:
    """A key for each scope alone."""
    return {scope: (await make_key(owner, scopes=[scope]))["key"] for scope in SCOPES}


async def scopes_that_open(user: User, keys: dict[str, str], method: str, path: str) -> set[str]:
    """Whose keys let the request get past who may."""
    address = re.sub(r"\{\w+\}", "01k9w3zj2c6v8n4r5t7y9b1d3f", path)
    opened = set()
    for scope, key in keys.items():
        async with with_key(user, key) as http:
            # Without a body: what gets past who may is refused for that, or finds nothing, and changes nothing.
            async with http.stream(method, address) as response:
                if response.status_code != 403:
                    assert response.status_code != 401
                    opened.add(scope)
                    continue
                await response.aread()
            assert response.json()["type"] == "urn:playground:problem:scope_missing"
    return opened


@pytest.mark.parametrize(("method", "path"), [operation for operation in OPERATIONS if "security" in OPERATIONS[operation]])
async def test_each_scope_gives_access_to_its_calls_only(owner: User, keys: dict[str, str], method: str, path: str) -> None:
    opened = await scopes_that_open(owner, keys, method, path)
    if CLOSED.match(path):
        assert opened == set()
    elif (method, path) in OPENED:
        assert opened == {OPENED[method, path]}
    else:
        assert len(opened) <= 1


def test_every_call_available_to_keys_exists() -> None:
    assert set(OPENED) <= set(OPERATIONS)


async def test_calls_that_require_a_scope_work_with_it(owner: User, keys: dict[str, str]) -> None:
    async with with_key(owner, keys["stream"]) as http:
        body = {"prompt": "Hi", "models": ["sim/quick"]}
        assert (await http.post("/playground/stream", json=body)).status_code == 200
        assert (await http.get("/playground/stream", params={"prompt": "Hi", "models": "sim/quick"})).status_code == 200
        assert (await http.post("/playground/estimate", json=body)).status_code == 200
    async with with_key(owner, keys["sessions:read"]) as http:
        session = (await http.get("/playground/sessions")).json()["items"][0]
        assert (await http.get(f"/playground/sessions/{session['id']}")).status_code == 200
    async with with_key(owner, keys["sessions:write"]) as http:
        assert (await http.patch(f"/playground/sessions/{session['id']}", json={"title": "New"})).json()["title"] == "New"
        assert (await http.delete(f"/playground/sessions/{session['id']}")).status_code == 204
    async with with_key(owner, keys["models:read"]) as http:
        assert (await http.get("/models")).json()["items"]


async def test_a_key_with_all_scopes_can_neither_create_nor_revoke_keys(user: User) -> None:
    made = await make_key(user, scopes=list(SCOPES))
    async with with_key(user, made["key"]) as http:
        for response in (
            await http.post("/users/me/api-keys", json={"name": "Child"}),
            await http.delete(f"/users/me/api-keys/{made['id']}"),
            await http.put("/users/me/provider-keys/openai", json={"key": "sk-0123456789"}),
            await http.get("/users/me/provider-keys"),
            await http.get("/auth/profile"),
        ):
            assert response.status_code == 403
            assert response.json()["type"] == "urn:playground:problem:scope_missing"
    assert len((await user.http.get("/users/me/api-keys")).json()["items"]) == 1


async def test_without_a_key_or_a_token_every_call_is_refused(owner: User) -> None:
    async with httpx.AsyncClient(base_url=owner.http.base_url) as http:
        for (method, path), operation in OPERATIONS.items():
            if "security" in operation:
                response = await http.request(method, re.sub(r"\{\w+\}", "x", path))
                assert response.status_code == 401, (method, path)
