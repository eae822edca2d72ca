"""Tokens: what holds, and what does not."""

import base64
import time
from typing import Any

import httpx
import pytest
from jose import jwt

from playground.accounts.logins.signed_tokens import Tokens
from playground.kit.errors import NotAuthenticated
from playground.serving.server import RunningService
from playground.settings import Settings

from ..support.client import User
from .conftest import bearer, holds

SECRET, PREVIOUS = "a secret of at least 32 characters", "another secret of 32 characters and more"


def tokens(*secrets: str) -> Tokens:
    return Tokens(secrets, access_seconds=60, refresh_seconds=600)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "sub": "u",
        "sid": "l",
        "iss": "playground",
        "aud": "playground:access",
        "iat": now,
        "exp": now + 60,
        "jti": "j",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


@pytest.mark.parametrize("use", ["refresh", "forged", "unsigned", "expired", "another algorithm", "no JWT"])
async def test_an_invalid_token_is_refused(ada: User, settings: Settings, use: str):
    said, secret = jwt.get_unverified_claims(ada.token), settings.signing_secrets()[0]
    given = {
        "refresh": ada.refresh_token,
        "forged": jwt.encode(said, "another secret", algorithm="HS256"),
        "unsigned": "eyJhbGciOiJub25lIn0." + ada.token.split(".")[1] + ".",
        "expired": jwt.encode(said | {"exp": said["iat"] - 1}, secret, algorithm="HS256"),
        "another algorithm": jwt.encode(said, secret, algorithm="HS512"),
        "no JWT": "é.a.b",
    }
    headers = {"Authorization": f"Bearer {given[use]}".encode()}
    response = await ada.http.get("/auth/profile", headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_signed_like_the_services_own_is_valid(service: RunningService, settings: Settings, ada: User):
    said = jwt.get_unverified_claims(ada.token)
    again = jwt.encode(said | {"jti": "another"}, settings.signing_secrets()[0], algorithm="HS256")
    assert await holds(ada.http, {"accessToken": again})


@pytest.mark.parametrize("part", [0, 1])
async def test_a_token_nested_too_deeply_is_refused(ada: User, part: int):
    parts = ada.token.split(".")
    parts[part] = base64.urlsafe_b64encode(b"[" * 3_000).decode()
    deep = ".".join(parts)
    asked = {"prompt": "Hi", "models": "sim/quick", "token": deep}
    async with httpx.AsyncClient(base_url=str(ada.http.base_url), timeout=60) as anonymous:
        answers = [
            await anonymous.get("/auth/profile", headers=bearer({"accessToken": deep})),
            await anonymous.get("/playground/stream", params={**asked, "token": deep[:4096]}),
            await anonymous.post("/auth/refresh", json={"refreshToken": deep[:4096]}),
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_an_access_token_does_not_refresh(ada: User):
    assert (await ada.http.post("/auth/refresh", json={"refreshToken": ada.token})).status_code == 401


def test_an_issued_token_can_be_read() -> None:
    issued = tokens(SECRET).issue("u", "l", "access", token_id="j")
    read = tokens(SECRET).read(issued, "access")
    assert (read.user_id, read.login_id, read.token_id) == ("u", "l", "j")


@pytest.mark.parametrize(
    "changes",
    [{name: None} for name in claims()]
    + [
        {"iss": "somebody"},
        {"aud": "playground:refresh"},
        {"aud": "playground:ticket"},
        {"aud": "playground"},
        {"exp": 1},
        {"exp": "soon"},
        {"jti": 5},
        {"sub": 5},
        {"sid": 5},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_token_needs_all_claims_and_the_right_use(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        tokens(SECRET).read(jwt.encode(claims(**changes), SECRET, algorithm="HS256"), "access")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_no_other_algorithm_is_accepted(algorithm: str) -> None:
    assert tokens(SECRET).read(jwt.encode(claims(), SECRET, algorithm="HS256"), "access")
    with pytest.raises(NotAuthenticated):
        tokens(SECRET).read(jwt.encode(claims(), SECRET, algorithm=algorithm), "access")


@pytest.mark.parametrize("header", ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOT05FIn0", "e30"], ids=["none", "NONE", "nothing"])
def test_a_token_is_signed(header: str) -> None:
    _, payload, signature = jwt.encode(claims(), SECRET, algorithm="HS256").split(".")
    for end in ("", signature):
        with pytest.raises(NotAuthenticated):
            tokens(SECRET).read(f"{header}.{payload}.{end}", "access")


def test_tokens_of_a_previous_secret_are_valid_and_new_ones_use_the_current_one() -> None:
    before, after, long_after = tokens(PREVIOUS), tokens(SECRET, PREVIOUS), tokens(SECRET)
    old = before.issue("u", "l", "access")
    assert after.read(old, "access").login_id == "l"
    new = after.issue("u", "l", "access")
    assert long_after.read(new, "access").login_id == "l"
    for holder, token in ((long_after, old), (before, new)):
        with pytest.raises(NotAuthenticated):
            holder.read(token, "access")


def test_a_cached_token_expires_too() -> None:
    brief = Tokens([SECRET], access_seconds=0, refresh_seconds=600)
    token = jwt.encode(claims(exp=int(time.time()) + 1), SECRET, algorithm="HS256")
    assert brief.read(token, "access")
    ends_at = jwt.get_unverified_claims(token)["exp"]
    while time.time() < ends_at:
        time.sleep(ends_at - time.time())
    with pytest.raises(NotAuthenticated):
        brief.read(token, "access")


async def test_a_token_is_valid_only_as_it_was_issued(user: User, service: RunningService):
    token = user.token
    head, claims, signature = token.split(".")
    # The last character of a SHA-256 in base64 has two bits that mean nothing.
    twin = signature[:-1] + chr(ord(signature[-1]) + 1)
    for changed in (
        f"{token}A",
        f"{token}AAAA",
        f"{token}!",
        f"{token}=",
        f"{token}.",
        f"{head}.{claims}.{twin}",
        f"{head}.{claims}!.{signature}",
    ):
        response = await user.http.get("/users/me", headers={"Authorization": f"Bearer {changed}"})
        assert response.status_code == 401, changed
    assert (await user.http.get("/users/me")).status_code == 200
