"""Changing one's password, and choosing another when it is forgotten."""

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.accounts.passwords import hashing as passwords
from playground.accounts.passwords.common import is_common
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User
from ..support.process import until
from .conftest import Outbox, Query, bearer, holds, log_in, refreshes, token_in

NEW = "quite another passphrase"

# Read before tests make it quicker.
COST = passwords.COST


async def test_hashes_have_cost_12_and_an_unknown_users_takes_as_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "COST", COST)
    hasher = passwords.PasswordHasher()
    hashed = await hasher.hash(PASSWORD)
    assert hashed.startswith("$2b$12$")
    assert await hasher.matches(PASSWORD, hashed)
    assert not await hasher.matches(NEW, hashed)
    checked: list[bytes] = []
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda digest, hashed: checked.append(hashed) or True)
    assert not await hasher.matches(PASSWORD, None)
    assert [hashed[:7] for hashed in checked] == [b"$2b$12$"]


@pytest.mark.parametrize("password", ["password", "12345678", "Password1", "iloveyou", "QWERTYUIOP", "trustno1", "aaaaaaaa", "letmein123"])
def test_common_passwords_are_recognised_in_any_case(password: str) -> None:
    assert is_common(password)
    assert not is_common(password + " and more")


async def test_a_changed_password_ends_every_login_and_returns_new_tokens(user: User, query: Query):
    phone = await log_in(user.http, user)
    assert await holds(user.http, phone)
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    changed = await user.http.post("/users/me/password", json=body)
    assert changed.status_code == 200, changed.text
    old = {"accessToken": user.token, "refreshToken": user.refresh_token}
    for tokens in (old, phone):
        assert not await holds(user.http, tokens)
        assert not await refreshes(user.http, tokens)
    new = changed.json()
    assert await holds(user.http, new)
    assert len((await user.http.get("/users/me/logins", headers=bearer(new))).json()["items"]) == 1
    assert await refreshes(user.http, new)
    answers = [await user.http.post("/auth/login", json={"email": user.account["email"], "password": each}) for each in (PASSWORD, NEW)]
    assert [answer.status_code for answer in answers] == [401, 200]
    [event] = query(lambda prisma: prisma.audit_events.find_many(where={"target_id": user.account["id"]}))
    assert (event.action, event.actor_id, event.details) == ("user.password_changed", user.account["id"], {})


async def test_changing_a_password_requires_the_old_one_and_a_good_new_one(ada: User):
    email = ada.account["email"]
    for current, new, status, field in (
        ("not the password", NEW, 403, "currentPassword"),
        (PASSWORD, "short", 422, "newPassword"),
        (PASSWORD, "password1", 422, "newPassword"),
        (PASSWORD, email.upper(), 422, "newPassword"),
        (PASSWORD, PASSWORD, 422, "newPassword"),
    ):
        response = await ada.http.post("/users/me/password", json={"currentPassword": current, "newPassword": new})
        assert response.status_code == status
        assert [error["field"] for error in response.json()["errors"]] == [field]
    assert await holds(ada.http, {"accessToken": ada.token})


async def test_a_changed_password_may_come_with_a_cookie(user: User):
    changed = await user.http.post("/users/me/password", json={"currentPassword": PASSWORD, "newPassword": NEW, "cookie": True})
    assert changed.json()["refreshToken"] is None
    assert (await user.http.post("/auth/refresh")).status_code == 200


async def test_only_one_of_two_simultaneous_changes_succeeds(user: User):
    answers: list[httpx.Response] = []

    async def change(new: str) -> None:
        answers.append(await user.http.post("/users/me/password", json={"currentPassword": PASSWORD, "newPassword": new}))

    async with anyio.create_task_group() as tasks:
        for number in range(2):
            tasks.start_soon(change, f"{NEW} {number}")
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403])


async def ask(http: httpx.AsyncClient, email: str) -> None:
    response = await http.post("/auth/forgot-password", json={"email": email})
    assert (response.status_code, response.json()) == (
        202,
        {"message": "If an account with this email address exists, a mail with a link to reset the password is on its way."},
    )


async def test_a_forgotten_password_is_reset_with_the_token_in_an_email(user: User, anonymous: httpx.AsyncClient, outbox: Outbox):
    await ask(anonymous, "nobody@example.org")
    await ask(anonymous, user.account["email"].upper())
    mail = await outbox.first_to(user.account["email"])
    assert (mail["Subject"], mail["From"]) == ("Reset your Playground password", "Playground <playground@localhost>")
    assert "http" not in mail.get_content()
    assert outbox.to("nobody@example.org") == []
    assert outbox.modes() == {0o600}

    token = token_in(mail)
    for password, field in (("short", "password"), (user.account["email"], "password")):
        response = await anonymous.post("/auth/reset-password", json={"token": token, "password": password})
        assert (response.status_code, [error["field"] for error in response.json()["errors"]]) == (422, [field])
    answers: list[int] = []

    async def reset(password: str) -> None:
        answers.append((await anonymous.post("/auth/reset-password", json={"token": token, "password": password})).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(reset, f"{NEW} {number}")
    assert sorted(answers) == [204, 422, 422]
    await reset(NEW)
    assert answers[-1] == 422
    assert not await holds(anonymous, {"accessToken": user.token})
    assert not await refreshes(anonymous, {"refreshToken": user.refresh_token})
    logins = [
        (await anonymous.post("/auth/login", json={"email": user.account["email"], "password": password})).status_code
        for password in (PASSWORD, *(f"{NEW} {number}" for number in range(3)))
    ]
    assert sorted(logins) == [200, 401, 401, 401]
    assert logins[0] == 401


@pytest.mark.parametrize("why", ["unknown", "expired", "another was used", "locked"])
async def test_an_invalid_token_resets_nothing(
    user: User, anonymous: httpx.AsyncClient, service: RunningService, portal: BlockingPortal, query: Query, outbox: Outbox, why: str
):
    user_id = user.account["id"]
    await ask(anonymous, user.account["email"])
    token = token_in(await outbox.first_to(user.account["email"]))
    if why == "unknown":
        token = "x" * 43
    elif why == "expired":
        query(lambda prisma: prisma.execute_raw("UPDATE password_resets SET expires_at = now() WHERE user_id = $1", user_id))
    elif why == "another was used":
        assert (await user.http.post("/users/me/password", json={"currentPassword": PASSWORD, "newPassword": NEW})).status_code == 200
    else:
        query(lambda prisma: prisma.users.update(where={"id": user_id}, data={"active": False}))
    before = query(lambda prisma: prisma.users.find_unique(where={"id": user_id})).password_hash
    response = await anonymous.post("/auth/reset-password", json={"token": token, "password": f"{NEW}!"})
    assert (response.status_code, response.json()["type"]) == (422, "urn:playground:problem:reset_refused")
    assert query(lambda prisma: prisma.users.find_unique(where={"id": user_id})).password_hash == before


async def test_no_user_is_sent_more_than_three_links_at_a_time(
    user: User, ada: User, anonymous: httpx.AsyncClient, query: Query, outbox: Outbox
):
    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(ask, anonymous, user.account["email"])

    async def three() -> bool:
        return len(outbox.to(user.account["email"])) == 3

    await until(three)
    # Asked for after the others, so that what was to come of them has come.
    for _ in range(4):
        await ask(anonymous, ada.account["email"])
    await outbox.first_to(ada.account["email"])
    assert query(lambda prisma: prisma.password_resets.count(where={"user_id": user.account["id"]})) == 3


async def test_a_login_that_would_wait_too_long_is_refused_with_retry_after(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "COST", 14)
    monkeypatch.setattr(passwords, "LONGEST_QUEUE_SECONDS", 0.01)
    hasher, outcomes = passwords.PasswordHasher(), list[str]()

    async def try_it() -> None:
        try:
            await hasher.hash("a password")
        except passwords.Busy as busy:
            outcomes.append(f"{busy.status}, again in {busy.headers['Retry-After']} s")
        else:
            outcomes.append("hashed")

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(try_it)
    assert sorted(outcomes) == ["503, again in 5 s"] * 3 + ["hashed"] * 2
    assert await hasher.matches("a password", await hasher.hash("a password"))
