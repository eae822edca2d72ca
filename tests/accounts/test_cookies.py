"""The refresh token as a cookie, and who may make a browser use it."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest

from ..support.client import PASSWORD, User
from .conftest import holds, refreshes

NAME = "playground_refresh"


def cookie_of(response: httpx.Response) -> "Morsel[str]":
    [header] = response.headers.get_list("set-cookie")
    return SimpleCookie(header)[NAME]


async def log_in(http: httpx.AsyncClient, user: User, **headers: str) -> httpx.Response:
    body = {"email": user.account["email"], "password": PASSWORD, "cookie": True}
    return await http.post("/auth/login", json=body, headers=headers)


async def test_the_cookie_is_for_the_service_only_and_hidden_from_scripts(anonymous: httpx.AsyncClient):
    body = {"email": "cookie@example.org", "password": PASSWORD, "name": "Cookie", "cookie": True}
    registered = await anonymous.post("/auth/register", json=body)
    assert registered.json()["refreshToken"] is None
    cookie = cookie_of(registered)
    assert (cookie["path"], cookie["samesite"], cookie["httponly"], cookie["max-age"]) == ("/auth", "strict", True, "604800")
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert cookie.value not in registered.text
    # Only `/auth` gets it.
    assert "cookie" not in (await anonymous.get("/health")).request.headers


async def test_a_page_refreshes_by_its_cookie_and_logs_out(ada: User, anonymous: httpx.AsyncClient):
    logged_in = await log_in(anonymous, ada)
    assert logged_in.json()["refreshToken"] is None
    first = cookie_of(logged_in).value
    refreshed = await anonymous.post("/auth/refresh")
    assert refreshed.status_code == 200, refreshed.text
    assert refreshed.json()["refreshToken"] is None
    assert cookie_of(refreshed).value != first
    assert await holds(anonymous, refreshed.json())
    again = await anonymous.post("/auth/refresh", json={})
    assert again.status_code == 200
    last = cookie_of(again).value

    out = await anonymous.post("/auth/logout")
    assert out.status_code == 204
    assert cookie_of(out)["max-age"] == "0"
    assert NAME not in anonymous.cookies
    assert not await holds(anonymous, again.json())
    assert not await refreshes(anonymous, {"refreshToken": last})
    # What is left of a login that is over can be thrown away too.
    out = await anonymous.post("/auth/logout", headers={"Cookie": f"{NAME}={last}"})
    assert (out.status_code, cookie_of(out)["max-age"]) == (204, "0")


async def test_a_token_in_the_body_comes_before_the_cookie_and_is_answered_in_the_body(ada: User, anonymous: httpx.AsyncClient):
    await log_in(anonymous, ada)
    other = (await anonymous.post("/auth/login", json={"email": ada.account["email"], "password": PASSWORD})).json()
    refreshed = await anonymous.post("/auth/refresh", json={"refreshToken": other["refreshToken"]})
    assert refreshed.json()["refreshToken"]
    assert "set-cookie" not in refreshed.headers


async def test_without_a_cookie_there_is_nothing_to_refresh(anonymous: httpx.AsyncClient):
    assert (await anonymous.post("/auth/refresh")).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example.org"])
async def test_other_sites_can_neither_use_nor_get_the_cookie(ada: User, anonymous: httpx.AsyncClient, origin: str):
    await log_in(anonymous, ada)
    for call, body in (
        ("refresh", None),
        ("logout", None),
        ("login", {"email": ada.account["email"], "password": PASSWORD, "cookie": True}),
    ):
        response = await anonymous.post(f"/auth/{call}", json=body, headers={"Origin": origin})
        assert (response.status_code, response.json()["type"]) == (403, "urn:playground:problem:foreign_origin"), call
        assert "set-cookie" not in response.headers
    # Nothing of it has used or ended the login.
    assert (await anonymous.post("/auth/refresh", headers={"Origin": str(anonymous.base_url).rstrip("/")})).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_form_of_another_site_cannot_log_in(ada: User, anonymous: httpx.AsyncClient, content_type: str | None):
    body = f'{{"email": "{ada.account["email"]}", "password": "{PASSWORD}", "cookie": true}}'
    headers: dict[str, Any] = {"Content-Type": content_type} if content_type else {}
    response = await anonymous.post("/auth/login", content=body.encode(), headers=headers)
    assert response.status_code == 422
    assert "set-cookie" not in response.headers


async def test_a_cookie_set_over_tls_is_secure(ada: User, anonymous: httpx.AsyncClient):
    # As a proxy passes it on that takes the encryption off.
    own = str(anonymous.base_url).rstrip("/").replace("http://", "https://")
    assert cookie_of(await log_in(anonymous, ada, Origin=own))["secure"]
