"""What every answer tells browsers, and what no answer tells anybody."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from playground.operation.metrics import Metrics
from playground.serving.middleware import add_middlewares
from playground.serving.server import RunningService
from playground.settings import Settings

from ..clients.chromium import CHROMIUM, Page, chromium_page
from ..support.client import PASSWORD, User

HELLO = {"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 3}
SECRET = "the inside of the service"

# Every kind of answer: records, a page, a script, a redirect, errors of the router, of an endpoint and of validation.
ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/docs", 200),
    ("GET", "/docs/swagger-ui-bundle.js", 200),
    ("GET", "/metrics", 200),
    ("GET", "/status", 200),
    ("GET", "/api", 307),
    ("GET", "/playground/sessions", 200),
    ("GET", "/playground/sessions/none", 404),
    ("GET", "/nowhere", 404),
    ("PUT", "/playground/stream", 405),
    ("POST", "/playground/stream", 422),
]


def directives(response: httpx.Response) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in response.headers["content-security-policy"].split(";"))


def assert_secured(response: httpx.Response) -> None:
    policy = directives(response)
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert "upgrade-insecure-requests" not in policy
    assert [name for name, value in policy.items() if "unsafe" in value] == ["style-src-attr"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert len(response.headers.get_list("content-security-policy")) == 1


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_has_the_security_headers(user: User, method: str, path: str, status: int):
    response = await user.http.request(method, path)
    assert response.status_code == status
    assert_secured(response)
    assert "strict-transport-security" not in response.headers


async def test_streams_have_them_too(user: User):
    response = await user.http.post("/playground/stream", json=HELLO)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert_secured(response)


async def test_over_tls_strict_transport_security_is_sent(visitor: User):
    response = await visitor.http.get("/health", headers={"X-Forwarded-Proto": "https"})
    assert int(response.headers["strict-transport-security"].removeprefix("max-age=")) >= 180 * 86_400
    assert "strict-transport-security" not in (await visitor.http.get("/health")).headers


@pytest.mark.parametrize("path", ["/auth/profile", "/playground/sessions", "/playground/sessions/none"])
async def test_user_data_is_not_cached(user: User, path: str):
    assert (await user.http.get(path)).headers["cache-control"] == "no-store"


async def test_no_response_names_the_server_software(user: User):
    for method, path, _ in ANSWERS:
        response = await user.http.request(method, path)
        assert "server" not in response.headers
        assert "x-powered-by" not in response.headers
        if "text/javascript" not in response.headers.get("content-type", ""):
            assert not any(name in response.text.lower() for name in ("uvicorn", "starlette", "fastapi", "traceback"))


async def test_an_internal_error_reveals_no_details():
    app = FastAPI()

    async def broken() -> None:
        raise RuntimeError(SECRET)

    app.add_api_route("/broken", broken)
    add_middlewares(app, Settings(cors_origins="https://friend.example", _env_file=None), Metrics())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
        response = await http.get("/broken", headers={"Origin": "https://friend.example"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:playground:problem:internal_error"
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    assert response.headers["x-request-id"]
    assert response.headers["access-control-allow-origin"] == "https://friend.example"
    assert_secured(response)


_WATCH = "window.violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e.effectiveDirective))"
_TRY = """
    (async () => {
      const found = async (selector) => {
        while (!document.querySelector(selector)) await new Promise(requestAnimationFrame)
        return document.querySelector(selector)
      }
      const button = await found('#operations-operation-health_health_get .opblock-summary-control')
      button.click();
      (await found('.try-out__btn')).click();
      (await found('.execute')).click()
      return (await found('.live-responses-table tbody .response-col_status')).textContent
    })()
"""


async def violations(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("violations")
    return found


_LOG_IN = """
    (async () => {
      const post = (path, body) =>
        fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      const login = await post('/auth/login', ACCOUNT)
      return [login.status, (await post('/auth/refresh', {})).status]
    })()
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
async def test_under_these_headers_the_services_own_page_stays_logged_in_by_its_cookie(user: User, tmp_path: Path):
    account = {"email": user.account["email"], "password": PASSWORD, "cookie": True}
    async with chromium_page(tmp_path / "profile") as page:
        await page.open(str(user.http.base_url.join("/docs")))
        assert await page.evaluate(_LOG_IN.replace("ACCOUNT", json.dumps(account))) == [200, 200]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
async def test_the_documentation_works_under_its_policy_and_what_it_forbids_does_not(service: RunningService, tmp_path: Path):
    async with chromium_page(tmp_path / "profile") as page:
        await page.before_each_page(_WATCH)
        await page.open(f"{service.url}/docs")
        assert (await page.evaluate(_TRY)).startswith("200")
        assert await violations(page) == []
        await page.evaluate("document.body.setAttribute('style', 'color: red')")
        assert await violations(page) == []
        await page.evaluate(
            """new Promise((resolve) => {
              document.addEventListener('securitypolicyviolation', resolve)
              const script = document.createElement('script')
              script.textContent = 'window.injected = true'
              document.body.append(script)
            })"""
        )
        assert await page.evaluate("window.injected") is None
        assert await violations(page) == ["script-src-elem"]
