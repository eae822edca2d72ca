"""One's own keys for providers: stored so that nobody reads them again, tested, deleted."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from ..support.client import User
from .conftest import KEY, Query, put

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def test_only_the_end_of_a_stored_key_is_shown(user: User) -> None:
    stored = await put(user, "openai", key=f" {KEY}\n")
    assert stored == {
        "provider": "openai",
        "name": "OpenAI",
        "hint": "cdef",
        "baseUrl": None,
        "readable": True,
        "createdAt": stored["createdAt"],
        "updatedAt": stored["updatedAt"],
    }
    listed = await user.http.get("/users/me/provider-keys")
    assert listed.json()["items"] == [stored]
    assert KEY[:-4] not in listed.text


async def test_it_is_encrypted_in_the_database(user: User, query: Query) -> None:
    await put(user, "openai")
    [row] = query("SELECT * FROM provider_keys WHERE user_id = $1", user.account["id"])
    assert KEY not in str(row)
    assert len(row["ciphertext"]) > len(KEY)


async def test_another_key_replaces_it(user: User) -> None:
    first = await put(user, "openai")
    second = await put(user, "openai", key="sk-another-9876")
    assert second["hint"] == "9876"
    assert second["createdAt"] == first["createdAt"]
    assert (await user.http.get("/users/me/provider-keys")).json()["items"] == [second]


async def test_a_deleted_key_is_gone(user: User) -> None:
    await put(user, "openai")
    assert (await user.http.delete("/users/me/provider-keys/openai")).status_code == 204
    assert (await user.http.get("/users/me/provider-keys")).json()["items"] == []
    for response in (
        await user.http.delete("/users/me/provider-keys/openai"),
        await user.http.post("/users/me/provider-keys/openai/test"),
    ):
        assert response.status_code == 404


async def test_other_users_keys_are_not_found(user: User, other_user: User) -> None:
    await put(user, "openai")
    assert (await other_user.http.get("/users/me/provider-keys")).json()["items"] == []
    assert (await other_user.http.delete("/users/me/provider-keys/openai")).status_code == 404
    assert (await other_user.http.post("/users/me/provider-keys/openai/test")).status_code == 404
    assert len((await user.http.get("/users/me/provider-keys")).json()["items"]) == 1


async def test_the_providers_that_accept_user_keys_are_listed(user: User) -> None:
    providers = {each["id"]: each for each in (await user.http.get("/users/me/provider-keys")).json()["providers"]}
    assert providers["openai"] == {"id": "openai", "name": "OpenAI", "available": False, "needsBaseUrl": False}
    assert providers["scripted"] == {"id": "scripted", "name": "Scripted", "available": True, "needsBaseUrl": False}
    assert "sim" not in providers


@pytest.mark.parametrize("provider", ["nobody", "sim", "OpenAI"])
async def test_a_provider_that_accepts_no_key_is_not_found(owner: User, provider: str) -> None:
    response = await owner.http.put(f"/users/me/provider-keys/{provider}", json={"key": KEY})
    assert response.status_code == 404
    assert response.json()["type"] == "urn:playground:problem:unknown_provider"
    assert "openai" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "key"),
        ({"key": None}, "key"),
        ({"key": "short"}, "key"),
        ({"key": "sk-with a blank in it"}, "key"),
        ({"key": "sk-abc\u2026xyz-0123456789"}, "key"),
        ({"key": "sk-0123456789\r\nX-Other: header"}, "key"),
        ({"key": "s" * 1_001}, "key"),
        ({"key": KEY, "baseUrl": "no address"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "ftp://api.example/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://name:word@api.example/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://api.example/v1?x=1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "http://93.184.216.34/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://localhost/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://127.0.0.1:8000/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://2130706433/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://0x7f000001/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://169.254.169.254/latest"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://[::ffff:10.0.0.1]/v1"}, "baseUrl"),
        ({"key": KEY, "baseUrl": "https://[64:ff9b::a00:1]/v1"}, "baseUrl"),
        ({"key": KEY, "base_url": "https://93.184.216.34/v1", "url": "x"}, "url"),
    ],
)
async def test_bad_input_names_its_field_and_repeats_no_key(owner: User, body: dict[str, Any], field: str) -> None:
    response = await owner.http.put("/users/me/provider-keys/openai", json=body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert "sk-" not in response.text
    assert (await owner.http.get("/users/me/provider-keys")).json()["items"] == []


async def test_a_users_public_base_url_is_stored(user: User) -> None:
    assert (await put(user, "openai", baseUrl=" https://93.184.216.34/v1/ "))["baseUrl"] == "https://93.184.216.34/v1"


class Upstream:
    """A provider that knows one key, and lists its models to whom it likes."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.lists_for_anybody = False
        self.models: list[dict[str, Any]] = [{"id": "dear", "pricing": {"prompt": "1", "completion": "1"}}]
        self.status_of_answers = 200

    async def list(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(("list", request.headers.get("Authorization", "")))
        if not self.lists_for_anybody and request.headers.get("Authorization") != f"Bearer {KEY}":
            return self._refusal(request, 401)
        return web.json_response({"object": "list", "data": self.models})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append((body["model"], request.headers["Authorization"]))
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return self._refusal(request, 401)
        if self.status_of_answers != 200:
            return self._refusal(request, self.status_of_answers)
        assert body["max_tokens"] <= 16
        return web.Response(text='data: {"choices":[{"delta":{"content":"Hello"}}]}\n\ndata: [DONE]\n\n', content_type="text/event-stream")

    def _refusal(self, request: web.Request, status: int) -> web.StreamResponse:
        # As some do, it repeats what it was sent.
        said = f"No: {request.headers.get('Authorization', 'nothing')}"
        return web.json_response({"error": {"message": said}}, status=status)


@asynccontextmanager
async def upstream_server() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    app = web.Application()
    app.router.add_get("/v1/models", upstream.list)
    app.router.add_post("/v1/chat/completions", upstream.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield upstream
    finally:
        await runner.cleanup()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with upstream_server() as upstream:
        yield upstream


async def result_of(user: User, upstream: Upstream, **body: Any) -> dict[str, Any]:
    await put(user, "mistral", baseUrl=upstream.url, **body)
    response = await user.http.post("/users/me/provider-keys/mistral/test")
    assert response.status_code == 200
    assert body.get("key", KEY) not in response.text
    result: dict[str, Any] = response.json()
    return result


async def test_a_key_is_tested_with_the_list_of_models(free_user: User, upstream: Upstream) -> None:
    result = await result_of(free_user, upstream)
    assert (result["works"], result["code"], result["models"]) == (True, None, 1)
    assert "Mistral accepts the key" in result["message"]
    # A list that others don't get is proof enough, and costs nothing.
    assert {what for what, _ in upstream.asked} == {"list"}


async def test_a_wrong_key_is_reported_in_the_providers_words(free_user: User, upstream: Upstream) -> None:
    result = await result_of(free_user, upstream, key="sk-wrong-0123456789")
    assert (result["works"], result["code"], result["models"]) == (False, "wrong_key", None)
    assert "Mistral rejected the API key (401)" in result["message"]
    assert "Check the API key that you stored" in result["message"]


async def test_if_the_list_is_public_a_key_is_tested_with_the_cheapest_model(free_user: User, upstream: Upstream) -> None:
    upstream.lists_for_anybody = True
    upstream.models += [{"id": "unpriced"}, {"id": "cheap", "pricing": {"prompt": "0.0001", "completion": "0.0001"}}]
    result = await result_of(free_user, upstream)
    assert (result["works"], result["models"]) == (True, 3)
    assert "cheap answered" in result["message"]
    assert upstream.asked[-1] == ("cheap", f"Bearer {KEY}")
    result = await result_of(free_user, upstream, key="sk-wrong-0123456789")
    assert (result["works"], result["code"]) == (False, "wrong_key")


@pytest.mark.parametrize(("status", "works", "code"), [(402, False, "insufficient_funds"), (503, None, "overloaded")])
async def test_other_failures_are_distinguished(free_user: User, upstream: Upstream, status: int, works: bool | None, code: str) -> None:
    upstream.lists_for_anybody = True
    upstream.status_of_answers = status
    result = await result_of(free_user, upstream)
    assert (result["works"], result["code"]) == (works, code)


async def test_an_unreachable_server_leaves_the_test_undecided(free_user: User, upstream: Upstream) -> None:
    upstream.url = "http://127.0.0.1:1/v1"
    result = await result_of(free_user, upstream)
    assert (result["works"], result["code"]) == (None, "unreachable")


async def test_a_provider_without_models_leaves_the_test_undecided(free_user: User, upstream: Upstream) -> None:
    upstream.lists_for_anybody = True
    upstream.models = []
    result = await result_of(free_user, upstream)
    assert (result["works"], result["models"]) == (None, 0)
