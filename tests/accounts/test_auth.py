"""Registering and logging in."""

import json
import time

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from jose import jwt
from structlog.testing import capture_logs

from playground.accounts.passwords import hashing as passwords
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User, new_user
from ..support.folders import NewDataDir
from .conftest import Query, bearer, holds, refreshes

# Read before tests make it quicker.
COST = passwords.COST


async def test_a_registered_user_can_log_in_refresh_and_see_the_profile(user: User):
    credentials = {"email": user.account["email"].upper(), "password": PASSWORD}
    pair = (await user.http.post("/auth/login", json=credentials)).json()
    assert (pair["tokenType"], pair["expiresIn"]) == ("bearer", 900)
    again = await user.http.post("/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert again.status_code == 200
    assert again.headers["cache-control"] == "no-store"
    profile = await user.http.get("/auth/profile", headers=bearer(again.json()))
    assert profile.json() == user.account
    assert set(profile.json()) == {"id", "email", "username", "name", "bio", "role", "preferences", "createdAt"}


async def test_a_wrong_password_and_an_unknown_account_are_answered_alike_and_after_the_same_time(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(passwords, "COST", COST)
    known, unknown, times = [], [], {}
    async with new_user(service.url) as user:
        for answers, name in ((known, user.account["email"]), (unknown, "nobody@example.org")):
            for _ in range(2):
                started_at = time.perf_counter()
                answers.append(await user.http.post("/auth/login", json={"email": name, "password": "not the password"}))
                times[name] = min(times.get(name, 60.0), time.perf_counter() - started_at)
    assert {answer.status_code for answer in known + unknown} == {401}
    assert len({answer.text for answer in known + unknown}) == 1
    # Checking a password takes far longer than all else: an answer without it would be a tenth.
    assert times["nobody@example.org"] > times[user.account["email"]] / 2


async def test_a_refused_login_is_logged_with_its_user_and_address(ada: User):
    with capture_logs() as logs:
        for email in (ada.account["email"], "nobody@example.org"):
            await ada.http.post("/auth/login", json={"email": email, "password": "not the password"})
    refused = [{name: line[name] for name in ("user_id", "address")} for line in logs if line["event"] == "login_refused"]
    assert refused == [{"user_id": ada.account["id"], "address": "127.0.0.1"}, {"user_id": None, "address": "127.0.0.1"}]
    assert "not the password" not in str(logs)


async def test_an_address_is_registered_once(ada: User):
    body = {"email": ada.account["email"].upper(), "password": PASSWORD, "name": "Twin"}
    response = await ada.http.post("/auth/register", json=body)
    assert response.status_code == 409
    assert response.json()["type"] == "urn:playground:problem:email_taken"
    assert response.json()["errors"][0]["field"] == "email"


async def test_a_username_is_unique_and_logs_in(anonymous: httpx.AsyncClient):
    body = {"email": "grace@example.org", "password": PASSWORD, "name": "Grace", "username": "Grace.Hopper"}
    registered = await anonymous.post("/auth/register", json=body)
    assert registered.json()["user"]["username"] == "grace.hopper"
    for name in ({"username": "GRACE.hopper"}, {"email": "grace.hopper"}, {"username": "grace@example.org"}):
        response = await anonymous.post("/auth/login", json={**name, "password": PASSWORD})
        assert response.status_code == 200, name
    twin = await anonymous.post("/auth/register", json={**body, "email": "twin@example.org", "username": "grace.HOPPER"})
    assert (twin.status_code, twin.json()["type"]) == (409, "urn:playground:problem:username_taken")
    assert twin.json()["errors"][0]["field"] == "username"


@pytest.mark.parametrize("names", [{}, {"email": "a@example.org", "username": "a.name"}], ids=["none", "both"])
async def test_a_login_names_one_account(anonymous: httpx.AsyncClient, names: dict[str, str]):
    response = await anonymous.post("/auth/login", json={**names, "password": PASSWORD})
    assert response.status_code == 422
    assert "send either `email` or `username`" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "x" * 2_000}, "password"),
        ({"password": "Password1"}, "password"),
        ({"password": "QWERTYUIOP"}, "password"),
        ({"password": "Bad@Example.org"}, "password"),
        ({"password": "a.longer.name", "username": "A.Longer.Name"}, "password"),
        ({"name": ""}, "name"),
        ({"username": "ab"}, "username"),
        ({"username": "x" * 33}, "username"),
        ({"username": "with space"}, "username"),
        ({"username": "some@one"}, "username"),
        ({"username": "-ada"}, "username"),
        ({"username": "ädа"}, "username"),
        ({"invitation": "x" * 43}, "invitation"),
        ({"invitation": "\ud800"}, "invitation"),
    ],
)
async def test_an_invalid_registration_names_its_field(anonymous: httpx.AsyncClient, change: dict[str, str], field: str):
    body = {"email": "bad@example.org", "password": PASSWORD, "name": "Bad"} | change
    # As text: what httpx makes of `json=` can't hold half of a surrogate pair.
    response = await anonymous.post("/auth/register", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert body["password"] not in response.text


async def test_passwords_differ_after_the_72_bytes_that_bcrypt_reads(anonymous: httpx.AsyncClient):
    long = "x" * 100
    await anonymous.post("/auth/register", json={"email": "long@example.org", "password": long + "a", "name": "Long"})
    answers = [
        (await anonymous.post("/auth/login", json={"email": "long@example.org", "password": long + end})).status_code for end in "ab"
    ]
    assert answers == [200, 401]


async def test_a_password_may_contain_any_unicode_in_any_normal_form(anonymous: httpx.AsyncClient):
    typed, composed = "😀é pa\u0000ss " + "e\u0301" * 240, "😀é pa\u0000ss " + "\u00e9" * 240
    registered = await anonymous.post("/auth/register", json={"email": "any@example.org", "password": typed, "name": "Any"})
    assert registered.status_code == 201, registered.text
    for password, status in ((composed, 200), (composed[1:], 401)):
        response = await anonymous.post("/auth/login", json={"email": "any@example.org", "password": password})
        assert response.status_code == status


async def test_a_locked_account_is_reported_only_after_the_right_password_and_its_tokens_end(
    user: User, service: RunningService, portal: BlockingPortal, query: Query
):
    assert await holds(user.http, {"accessToken": user.token})
    query(lambda prisma: prisma.users.update(where={"id": user.account["id"]}, data={"active": False}))
    portal.call(service.announcements.announce, "user", user.account["id"])
    assert not await holds(user.http, {"accessToken": user.token})
    assert (await user.http.post("/auth/refresh", json={"refreshToken": user.refresh_token})).status_code == 401
    for password, status, code in (("not the password", 401, "not_authenticated"), (PASSWORD, 403, "account_locked")):
        response = await user.http.post("/auth/login", json={"email": user.account["email"], "password": password})
        assert (response.status_code, response.json()["type"]) == (status, f"urn:playground:problem:{code}")
    query(lambda prisma: prisma.users.update(where={"id": user.account["id"]}, data={"active": True}))
    portal.call(service.announcements.announce, "user", user.account["id"])
    assert await refreshes(user.http, {"refreshToken": user.refresh_token})


async def test_a_token_is_verified_with_its_user_and_expiry(ada: User):
    verified = (await ada.http.get("/auth/verify")).json()
    claims = jwt.get_unverified_claims(ada.token)
    assert verified["user"] == ada.account
    assert verified["loginId"] == claims["sid"]
    expires_at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(claims["exp"]))
    assert verified["expiresAt"] == expires_at


async def test_only_the_first_account_is_administrator_even_if_many_register_at_once(new_data_dir: NewDataDir):
    roles: list[str] = []

    async def register(url: str) -> None:
        async with new_user(url) as user:
            roles.append(user.account["role"])

    settings = Settings(data_dir=new_data_dir(), port=0, shutdown_grace_seconds=0, _env_file=None)
    # The task group is the inner one: it waits for all of them before the service ends.
    async with running(settings) as service, anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(register, service.url)
    assert sorted(roles) == ["admin"] + ["user"] * 5


async def test_the_same_name_at_the_same_time_is_one_account(anonymous: httpx.AsyncClient):
    answers: list[httpx.Response] = []

    async def register(body: dict[str, str]) -> None:
        answers.append(await anonymous.post("/auth/register", json={"password": PASSWORD, "name": "Twin", **body}))

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(register, {"email": f"same{number}@example.org", "username": "same"})
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
