"""Pages of the sites in `CORS_ORIGINS` may call the service; others may not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..clients.chromium import CHROMIUM, Page, chromium_page
from ..support.client import User

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


def cors(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", "/playground/sessions/none", 404), ("POST", "/playground/stream", 422), ("GET", "/nowhere", 404)],
)
async def test_an_allowed_origin_can_read_responses_and_errors(visitor: User, friend: str, method: str, path: str, status: int):
    response = await visitor.http.request(method, path, headers={"Origin": friend})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == friend
    exposed = words(response.headers["access-control-expose-headers"])
    assert exposed >= {"x-request-id", "retry-after", "ratelimit", "ratelimit-policy"}
    assert "access-control-allow-credentials" not in response.headers
    assert "origin" in words(response.headers["vary"])


async def test_an_allowed_origin_can_read_that_a_body_was_too_large(visitor: User, friend: str):
    response = await visitor.http.post("/auth/login", content=b"x" * 200_000, headers={"Origin": friend})
    assert response.status_code == 413
    assert response.headers["access-control-allow-origin"] == friend


async def test_preflight_requests_of_allowed_origins_list_methods_and_headers(visitor: User, friend: str):
    response = await visitor.http.options("/playground/stream", headers={"Origin": friend, **PREFLIGHT})
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == friend
    assert words(response.headers["access-control-allow-methods"]) >= {"get", "post", "put", "patch", "delete"}
    allowed = words(response.headers["access-control-allow-headers"])
    assert allowed >= {"authorization", "content-type", "idempotency-key", "last-event-id", "x-api-key"}
    assert "access-control-allow-credentials" not in response.headers
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "https://friend.example.evil.example"])
async def test_other_origins_get_no_header(visitor: User, origin: str):
    for response in (
        await visitor.http.get("/health", headers={"Origin": origin}),
        await visitor.http.options("/playground/stream", headers={"Origin": origin, **PREFLIGHT}),
    ):
        assert cors(response) == {}
        assert "origin" in words(response.headers["vary"])


async def test_without_allowed_origins_no_headers_are_sent(user: User):
    for response in (
        await user.http.get("/health", headers={"Origin": "https://app.example.org"}),
        await user.http.options("/playground/stream", headers={"Origin": "https://app.example.org", **PREFLIGHT}),
    ):
        assert cors(response) == {}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with chromium_page(tmp_path / "profile") as page:
        yield page


async def called_from(page: Page, site: str, user: User) -> Any:
    """What a script in a page of `site` gets to see of a stream that it starts."""
    headers = {"Authorization": f"Bearer {user.token}", "Content-Type": "application/json", "Idempotency-Key": f"from {site}"}
    body = json.dumps({"prompt": f"From {site}", "models": ["sim/quick"], "maxTokens": 3})
    request = json.dumps({"method": "POST", "headers": headers, "body": body})
    await page.open(site)
    return await page.evaluate(
        f"""fetch({json.dumps(str(user.http.base_url.join("/playground/stream")))}, {request}).then(
          async (answer) => ({{ status: answer.status, id: answer.headers.get('X-Request-ID'), text: await answer.text() }}),
          (error) => error.name)"""
    )


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
async def test_in_a_browser_an_allowed_origin_can_read_a_stream_and_others_cannot(page: Page, visitor: User, friend: str, stranger: str):
    seen = await called_from(page, friend, visitor)
    assert seen["status"] == 200
    assert seen["id"]
    assert '"type":"done"' in seen["text"]
    assert await called_from(page, stranger, visitor) == "TypeError"
    for site, runs in ((friend, 1), (stranger, 0)):
        assert len((await visitor.http.get("/playground/sessions", params={"q": site})).json()["items"]) == runs
