"""Limits on requests, over HTTP: who is refused, and what every answer tells."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from playground.kit.ids import new_id
from playground.limits.middleware import RequestLimits
from playground.page.routes import Page
from playground.serving.middleware.request_log import RequestLog
from playground.serving.middleware.unexpected_errors import Defects

from ..support.client import User
from ..support.process import until
from .conftest import Limited, all_at_once, from_address, new_address, reported_limits, statuses, usage_of

HI = {"prompt": "Hi", "models": ["sim/quick"]}


@pytest.fixture
async def nobody(limited: Limited) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a login, at a new address."""
    async with httpx.AsyncClient(base_url=limited.url, timeout=60, headers=from_address(new_address())) as http:
        yield http


def assert_refused(response: httpx.Response, limit: str, most: int) -> None:
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:playground:problem:limit_reached"
    assert (problem["limit"], problem["used"], problem["max"]) == (limit, most, most)
    wait = int(response.headers["retry-after"])
    assert wait >= 1
    resets_at = datetime.fromisoformat(problem["resetsAt"])
    assert abs(resets_at - datetime.now(UTC) - timedelta(seconds=wait)) < timedelta(seconds=10)
    assert reported_limits(response)[limit][2] == 0


async def test_the_hundred_and_first_request_of_an_address_without_a_login_is_refused(nobody: httpx.AsyncClient) -> None:
    answers = [await nobody.get("/models") for _ in range(101)]
    assert [answer.status_code for answer in answers] == [401] * 100 + [429]
    assert [reported_limits(answer)["address-requests"][2] for answer in answers] == [*range(99, -1, -1), 0]
    assert_refused(answers[-1], "address-requests", 100)


async def test_two_hundred_simultaneous_requests_with_fifty_left_allow_exactly_fifty(limited: Limited) -> None:
    async with limited.user(requests="50 per 15 minutes") as user:
        answers = await all_at_once([lambda: user.http.get("/")] * 200)
    assert statuses(answers) == {200: 50, 429: 150}
    allowed = sorted(reported_limits(answer)["user-requests"][2] for answer in answers if answer.status_code == 200)
    assert allowed == list(range(50))
    assert_refused(next(answer for answer in answers if answer.status_code == 429), "user-requests", 50)


async def test_requests_with_a_login_count_for_the_user_from_whichever_address(user: User) -> None:
    before = reported_limits(await user.http.get("/"))["user-requests"]
    elsewhere = reported_limits(await user.http.get("/", headers=from_address(new_address())))
    assert before[:3] == (1000, 900, 999)
    assert elsewhere["user-requests"][2] == 998
    assert "address-requests" not in elsewhere


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer forged"}, {"X-API-Key": "pg_forged"}])
async def test_invalid_credentials_count_for_the_address(nobody: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await nobody.get("/models", headers=headers)
    assert answer.status_code == 401
    assert reported_limits(answer)["address-requests"][2] == 99


async def test_the_eleventh_request_to_auth_without_a_login_is_refused_and_others_are_not(nobody: httpx.AsyncClient) -> None:
    calls = [("POST", "/auth/login"), ("GET", "/auth/profile"), ("POST", "/auth/register"), ("GET", "/auth/nothing")] * 3
    answers = [await nobody.request(method, path) for method, path in calls[:11]]
    assert 429 not in [answer.status_code for answer in answers[:10]]
    assert [reported_limits(answer)["auth"][2] for answer in answers] == [*range(9, -1, -1), 0]
    assert_refused(answers[-1], "auth", 10)
    assert reported_limits(await nobody.get("/"))["address-requests"][2] == 99


async def test_repeated_page_loads_do_not_count_as_guessing_passwords(nobody: httpx.AsyncClient) -> None:
    answers = [await nobody.post("/auth/refresh") for _ in range(11)]
    assert [list(reported_limits(answer)) for answer in answers] == [["address-requests"]] * 11
    assert 429 not in [answer.status_code for answer in answers]


async def test_a_request_to_auth_with_an_access_token_counts_for_the_user(user: User) -> None:
    answer = await user.http.get("/auth/profile")
    assert answer.status_code == 200
    assert list(reported_limits(answer)) == ["user-requests"]


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/forgot-password", "/auth/reset-password"])
async def test_an_own_access_token_does_not_help_to_guess_passwords(user: User, path: str) -> None:
    guesser = from_address(new_address())
    answers = [await user.http.post(path, json={}, headers=guesser) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert_refused(answers[-1], "auth", 10)


@pytest.mark.parametrize(("method", "path"), [("POST", "/users/me/password"), ("DELETE", "/users/me")])
async def test_with_an_access_token_its_password_cannot_be_guessed_from_many_addresses(user: User, method: str, path: str) -> None:
    answers = [await user.http.request(method, path, json={}, headers=from_address(new_address())) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert_refused(answers[-1], "auth", 10)
    assert list(reported_limits(await user.http.get("/users/me"))) == ["user-requests"]


def make_key(limited: Limited, user: User, *scopes: str) -> dict[str, str]:
    key = f"pg_{new_id()}"
    limited.execute(
        "INSERT INTO api_keys (id, user_id, name, prefix, hash, scopes) VALUES ($1, $2, 'Key', 'pg_', $3, $4)",
        new_id(),
        user.account["id"],
        hashlib.sha256(key.encode()).hexdigest(),
        list(scopes),
    )
    return {"X-API-Key": key}


async def test_an_api_key_counts_for_its_user_but_at_auth_for_the_address(limited: Limited, user: User) -> None:
    key = make_key(limited, user, "models:read")
    async with httpx.AsyncClient(base_url=limited.url, headers={**from_address(new_address()), **key}) as program:
        assert list(reported_limits(await program.get("/models"))) == ["user-requests"]
        assert list(reported_limits(await program.get("/auth/profile"))) == ["auth"]
        # It opens nothing there, and must not use up what its user may try.
        assert list(reported_limits(await program.post("/users/me/password", json={}))) == ["user-requests"]


async def test_a_token_in_the_url_of_a_stream_counts_for_its_user(limited: Limited, user: User) -> None:
    async with httpx.AsyncClient(base_url=limited.url, headers=from_address(new_address())) as page:
        query = {"prompt": "Hi", "models": "sim/quick", "token": user.token}
        assert reported_limits(await page.get("/playground/stream", params=query))["user-requests"][2] == 999
        assert list(reported_limits(await page.get("/playground/stream", params={**query, "token": "forged"}))) == ["address-requests"]
        assert list(reported_limits(await page.get("/models", params=query))) == ["address-requests"]


async def test_a_stream_ticket_counts_for_its_user_and_is_not_used_by_counting(limited: Limited, user: User) -> None:
    ticket = (await user.http.post("/playground/tickets")).json()["token"]
    async with httpx.AsyncClient(base_url=limited.url, headers=from_address(new_address()), timeout=60) as page:
        answer = await page.get("/playground/stream", params={"prompt": "Hi", "models": "sim/quick", "token": ticket})
    assert answer.status_code == 200
    assert reported_limits(answer)["user-requests"][2] == 998


async def test_usage_is_shown_to_a_key_for_reports_and_to_no_other(limited: Limited, user: User) -> None:
    async with httpx.AsyncClient(base_url=limited.url, headers=from_address(new_address())) as program:
        answer = await program.get("/users/me/usage", headers=make_key(limited, user, "reports:read"))
        assert answer.json()["dailyRequests"] == (await usage_of(user))["dailyRequests"]
        assert (await program.get("/users/me/usage", headers=make_key(limited, user, "stream"))).status_code == 403
        assert (await program.get("/users/me/usage")).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/docs",
        "/docs/start.js",
        "/docs/swagger-ui.css",
        "/docs/none",
        "/assets/none.js",
    ],
)
async def test_files_and_health_are_not_counted(nobody: httpx.AsyncClient, path: str) -> None:
    answer = await nobody.get(path)
    assert "ratelimit" not in answer.headers
    assert reported_limits(await nobody.get("/"))["address-requests"][2] == 99


@pytest.mark.parametrize("path", ["/", "/compare", "/some/where"])
async def test_the_page_is_not_counted_and_a_browser_that_asks_the_api_is(nobody: httpx.AsyncClient, path: str) -> None:
    browser = {"Accept": "text/html,*/*;q=0.8"}
    answer = await nobody.get(path, headers=browser)
    assert answer.headers["content-type"].startswith("text/html")
    assert "ratelimit" not in answer.headers
    assert reported_limits(await nobody.get("/models", headers=browser))["address-requests"][2] == 99
    assert reported_limits(await nobody.get("/playground/stream", headers=browser))["address-requests"][2] == 98
    assert reported_limits(await nobody.get("/auth/login", headers=browser))["auth"][2] == 9


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/models", None, 200),
        ("POST", "/playground/stream", HI, 200),
        ("GET", "/playground/sessions/none", None, 404),
        ("GET", "/no/such/address", None, 404),
        ("PUT", "/models", None, 405),
        ("POST", "/playground/stream", {"prompt": ""}, 422),
        ("POST", "/playground/stream", {**HI, "models": ["sim/none"]}, 422),
    ],
)
async def test_every_response_reports_the_limit(user: User, method: str, path: str, body: Any, status: int) -> None:
    answer = await user.http.request(method, path, json=body)
    assert answer.status_code == status
    q, w, r, t = reported_limits(answer)["user-requests"]
    assert (q, w, r) == (1000, 900, 999)
    assert 0 < t <= 900


async def test_a_body_that_is_too_large_is_counted_and_reports_the_limit(limited: Limited, user: User) -> None:
    most = limited.service.settings.max_body_bytes
    answer = await user.http.post("/playground/stream", content=b"x" * (most + 1), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert reported_limits(answer)["user-requests"][2] == 999


async def test_an_internal_error_reports_the_limit(limited: Limited) -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("on purpose")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "client": (new_address(), 1),
        "app": SimpleNamespace(state=SimpleNamespace(services=limited.service.services, page=Page())),
    }
    limited.portal.call(RequestLog(Defects(RequestLimits(breaks))), scope, receive, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 500
    assert headers[b"ratelimit-policy"] == b'"address-requests";q=100;w=900'
    assert headers[b"ratelimit"] == b'"address-requests";r=99;t=900'


async def test_a_stream_reports_all_its_limits(user: User) -> None:
    answer = await user.http.post("/playground/stream", json=HI)
    limits = reported_limits(answer)
    assert {name: (q, r) for name, (q, _, r, _) in limits.items()} == {
        "user-requests": (1000, 999),
        "streams": (50, 49),
        "daily-requests": (50, 49),
        "monthly-requests": (1000, 999),
    }
    assert limits["daily-requests"][1] == 86_400
    assert 0 < limits["daily-requests"][3] <= 86_400


async def test_a_window_allows_requests_again_when_earlier_ones_leave_it(limited: Limited) -> None:
    async with limited.user(requests="2 per 1 second") as user:
        answers = await all_at_once([lambda: user.http.get("/")] * 3)
        assert statuses(answers) == {200: 2, 429: 1}

        async def allowed() -> bool:
            return (await user.http.get("/")).status_code == 200

        await until(allowed)


async def test_a_users_own_limit_overrides_that_of_the_role_and_null_removes_it(limited: Limited, user: User) -> None:
    user_id = user.account["id"]
    limited.set_limits(user_id, requests="7 per minute")
    assert reported_limits(await user.http.get("/"))["user-requests"][:2] == (7, 60)
    limited.set_limits(user_id, requests=None)
    assert "ratelimit" not in (await user.http.get("/")).headers
    limited.set_limits(user_id)
    assert reported_limits(await user.http.get("/"))["user-requests"][:2] == (1000, 900)


async def test_invalid_limits_keep_those_of_the_role(limited: Limited, user: User) -> None:
    limited.execute("""UPDATE users SET limits = '{"requests": "plenty"}' WHERE id = $1""", user.account["id"])
    limited.portal.call(limited.service.announcements.announce, "user", user.account["id"])
    assert reported_limits(await user.http.get("/"))["user-requests"][0] == 1000
