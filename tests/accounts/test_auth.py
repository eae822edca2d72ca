"""Accounts, as far as the main job needs them."""

import anyio
import httpx
import pytest
from jose import jwt

from playground.server import RunningService, running
from playground.settings import Settings
from tests.support.client import PASSWORD, User, new_user


async def test_a_registered_user_can_log_in_refresh_and_see_the_profile(user: User):
    credentials = {"email": user.account["email"].upper(), "password": PASSWORD}
    pair = (await user.http.post("/auth/login", json=credentials)).json()
    assert (pair["tokenType"], pair["expiresIn"]) == ("bearer", 900)
    again = await user.http.post("/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert again.status_code == 200
    profile = await user.http.get("/auth/profile", headers={"Authorization": f"Bearer {again.json()['accessToken']}"})
    assert profile.json() == user.account
    assert set(profile.json()) == {"id", "email", "name", "role", "createdAt"}


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(user: User):
    answers = [
        (await user.http.post("/auth/login", json={"email": email, "password": "not the password"}))
        for email in (user.account["email"], "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


async def test_an_address_is_registered_once(user: User):
    body = {"email": user.account["email"].upper(), "password": PASSWORD, "name": "Twin"}
    response = await user.http.post("/auth/register", json=body)
    assert response.status_code == 409
    assert response.json()["errors"][0]["field"] == "email"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "nobody"}, "email"), ({"password": "short"}, "password"), ({"password": "x" * 257}, "password"), ({"name": ""}, "name")],
)
async def test_a_bad_registration_names_its_field(service: RunningService, change: dict[str, str], field: str):
    body = {"email": "bad@example.org", "password": PASSWORD, "name": "Bad"} | change
    async with httpx.AsyncClient(base_url=service.url) as http:
        response = await http.post("/auth/register", json=body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert PASSWORD not in response.text


async def test_passwords_differ_after_the_72_bytes_that_bcrypt_reads(service: RunningService):
    long = "x" * 100
    async with httpx.AsyncClient(base_url=service.url) as http:
        await http.post("/auth/register", json={"email": "long@example.org", "password": long + "a", "name": "Long"})
        answers = [(await http.post("/auth/login", json={"email": "long@example.org", "password": long + end})).status_code for end in "ab"]
    assert answers == [200, 401]


@pytest.mark.parametrize("use", ["refresh", "forged", "unsigned", "expired"])
async def test_a_token_that_does_not_hold_opens_nothing(user: User, settings: Settings, use: str):
    claims = jwt.get_unverified_claims(user.token)
    tokens = {
        "refresh": user.refresh_token,
        "forged": jwt.encode(claims, "another secret", algorithm="HS256"),
        "unsigned": "eyJhbGciOiJub25lIn0." + user.token.split(".")[1] + ".",
        "expired": jwt.encode(claims | {"exp": claims["iat"] - 1}, settings.signing_secrets()[0], algorithm="HS256"),
    }
    response = await user.http.get("/auth/profile", headers={"Authorization": f"Bearer {tokens[use]}"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_access_token_does_not_refresh(user: User):
    assert (await user.http.post("/auth/refresh", json={"refreshToken": user.token})).status_code == 401


async def test_only_the_first_account_administers_also_when_many_register_at_once(tmp_path):
    roles: list[str] = []

    async def register(url: str) -> None:
        async with new_user(url) as user:
            roles.append(user.account["role"])

    settings = Settings(data_dir=tmp_path / "data", port=0, shutdown_grace_seconds=0, _env_file=None)
    # The task group is the inner one: it waits for all of them before the service ends.
    async with running(settings) as service, anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(register, service.url)
    assert sorted(roles) == ["admin"] + ["user"] * 5
