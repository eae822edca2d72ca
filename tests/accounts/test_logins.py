"""Logins: refreshed, listed, ended."""

from functools import partial

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from jose import jwt

from playground.accounts.logins.repository import LoginRepository
from playground.accounts.logins.service import Device, Logins
from playground.accounts.service import AccountService
from playground.serving.server import RunningService

from ..support.client import User
from .conftest import Query, bearer, holds, log_in, refreshes


async def test_a_refresh_whose_response_from_the_database_was_lost_can_be_repeated(
    user: User, service: RunningService, portal: BlockingPortal, query: Query
):
    logins, repository = service.services.get(Logins), LoginRepository(service.database)
    row = query(lambda prisma: prisma.logins.find_first(where={"user_id": user.account["id"]}))
    renewed = logins.prepare(row.user_id, Device(), login_id=row.id)
    for _ in range(2):
        assert portal.call(repository.rotate, renewed, row.refresh_id)
    begun = logins.prepare(row.user_id, Device())
    account = query(lambda prisma: prisma.users.find_unique(where={"id": row.user_id}))
    for _ in range(2):
        assert portal.call(repository.create, begun, account.password_hash)
    assert not portal.call(repository.create, logins.prepare(row.user_id, Device()), "the hash of a password before")


async def test_a_user_sees_all_logins(user: User):
    phone = await log_in(user.http, user, **{"User-Agent": "Phone/1.0 " + "x" * 500})
    page = (await user.http.get("/users/me/logins", headers=bearer(phone))).json()
    assert page["nextCursor"] is None
    [newest, oldest] = page["items"]
    assert newest["userAgent"].startswith("Phone/1.0 ")
    assert len(newest["userAgent"]) == 300
    assert newest["address"] == "127.0.0.1"
    assert [newest["current"], oldest["current"]] == [True, False]
    assert newest["createdAt"] <= newest["lastUsedAt"] < newest["expiresAt"]
    assert set(newest) == {"id", "current", "createdAt", "lastUsedAt", "expiresAt", "address", "userAgent"}

    first = (await user.http.get("/users/me/logins", params={"limit": 1})).json()
    assert [item["id"] for item in first["items"]] == [newest["id"]]
    rest = (await user.http.get("/users/me/logins", params={"limit": 1, "cursor": first["nextCursor"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["nextCursor"]) == ([oldest["id"]], None)


async def test_a_login_of_the_terminal_is_labelled_and_ends_with_its_token(service: RunningService, portal: BlockingPortal, query: Query):
    token = portal.call(service.services.get(AccountService).terminal_token)
    said = jwt.get_unverified_claims(token)
    row = query(lambda prisma: prisma.logins.find_unique(where={"id": said["sid"]}))
    assert row.user_agent == "playground compare"
    assert abs(row.expires_at.timestamp() - said["exp"]) < 10


async def test_a_refresh_keeps_the_device_of_its_login(user: User):
    tokens = await log_in(user.http, user, **{"User-Agent": "Before"})
    before = (await user.http.get("/users/me/logins", headers=bearer(tokens))).json()["items"][0]
    body = {"refreshToken": tokens["refreshToken"]}
    assert (await user.http.post("/auth/refresh", json=body, headers={"User-Agent": "After"})).status_code == 200
    after = (await user.http.get("/users/me/logins", headers=bearer(tokens))).json()["items"][0]
    assert (before["userAgent"], after["userAgent"]) == ("Before", "After")
    assert (before["id"], before["createdAt"]) == (after["id"], after["createdAt"])
    assert before["lastUsedAt"] < after["lastUsedAt"]


async def test_one_device_is_logged_out_or_all_others(user: User, ada: User):
    laptop, phone, tablet = [await log_in(user.http, user) for _ in range(3)]
    items = (await user.http.get("/users/me/logins", headers=bearer(phone))).json()["items"]
    [current] = [item["id"] for item in items if item["current"]]
    assert (await ada.http.delete(f"/users/me/logins/{current}")).status_code == 404
    assert await holds(user.http, phone)
    assert (await user.http.delete(f"/users/me/logins/{current}")).status_code == 204
    assert not await holds(user.http, phone)
    assert not await refreshes(user.http, phone)
    # Another time changes nothing.
    assert (await user.http.delete(f"/users/me/logins/{current}")).status_code == 204

    assert (await user.http.delete("/users/me/logins", headers=bearer(laptop))).status_code == 204
    assert [await holds(user.http, each) for each in (laptop, tablet)] == [True, False]
    assert not await refreshes(user.http, tablet)
    assert await refreshes(user.http, laptop)
    assert len((await user.http.get("/users/me/logins", headers=bearer(laptop))).json()["items"]) == 1


@pytest.mark.parametrize("by", ["access token", "refresh token", "both, the access token expired"])
async def test_logging_out_takes_effect_immediately(user: User, by: str):
    tokens = await log_in(user.http, user)
    assert await holds(user.http, tokens)
    log_out = partial(user.http.request, "POST", "/auth/logout")
    del user.http.headers["Authorization"]
    if by == "access token":
        response = await log_out(headers=bearer(tokens))
    elif by == "refresh token":
        response = await log_out(json={"refreshToken": tokens["refreshToken"]})
    else:
        response = await log_out(json={"refreshToken": tokens["refreshToken"]}, headers={"Authorization": "Bearer gone"})
    assert response.status_code == 204
    assert not await holds(user.http, tokens)
    assert not await refreshes(user.http, tokens)
    assert await holds(user.http, {"accessToken": user.token})


async def test_logging_out_requires_a_login(anonymous: httpx.AsyncClient):
    for request in ({}, {"json": {}}, {"json": {"refreshToken": "x"}}, {"headers": {"Authorization": "Bearer x"}}):
        assert (await anonymous.post("/auth/logout", **request)).status_code == 401  # type: ignore[arg-type]
