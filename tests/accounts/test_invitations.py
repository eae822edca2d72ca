"""Registering by invitation, and not at all."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.kit.ids import new_id
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User
from ..support.folders import NewDataDir
from ..support.mailbox import Mailbox, mail_server
from .conftest import token_in

PUBLIC_URL = "https://playground.example.org/app"
ROOT_EMAIL = "root@example.org"


def settings_for(data_dir: Path, **given: Any) -> Settings:
    return Settings(
        data_dir=data_dir, port=0, shutdown_grace_seconds=0, limit_auth=None, limit_address_requests=None, _env_file=None, **given
    )


@pytest.fixture(scope="module")
def mailbox(portal: BlockingPortal) -> Iterator[Mailbox]:
    with portal.wrap_async_context_manager(mail_server()) as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def service(portal: BlockingPortal, mailbox: Mailbox, new_data_dir: NewDataDir) -> Iterator[RunningService]:
    """One where only the invited may register, with a mail server and an address of its own."""
    settings = settings_for(
        new_data_dir(),
        registration="invite",
        public_url=PUBLIC_URL + "/",
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        mail_from="Example's Playground <playground@example.org>",
    )
    with portal.wrap_async_context_manager(running(settings)) as service:
        yield service


async def register(http: httpx.AsyncClient, email: str, **body: Any) -> httpx.Response:
    return await http.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Guest", **body})


def code_of(response: httpx.Response) -> str:
    return str(response.json()["type"].rpartition(":")[2])


@pytest.fixture(scope="module")
async def root(service: RunningService, anyio_backend: str) -> AsyncIterator[User]:
    """The first account, of which there is one, however many try."""
    answers: list[httpx.Response] = []
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:

        async def try_to_be_first(email: str) -> None:
            answers.append(await register(http, email))

        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(try_to_be_first, f"{number}{ROOT_EMAIL}")
        [first] = [answer for answer in answers if answer.status_code == 201]
        assert [code_of(answer) for answer in answers if answer is not first] == ["invitation_needed"] * 3
        assert [answer.status_code for answer in answers if answer is not first] == [403] * 3
        yield User(http, first.json())


async def invite(root: User, **body: Any) -> dict[str, Any]:
    response = await root.http.post("/admin/invitations", json=body)
    assert response.status_code == 201, response.text
    issued: dict[str, Any] = response.json()
    return issued


async def listed(root: User, invitation_id: str) -> dict[str, Any]:
    [item] = [item for item in (await root.http.get("/admin/invitations")).json()["items"] if item["id"] == invitation_id]
    return dict(item)


async def test_the_first_account_needs_no_invitation_and_is_administrator(root: User):
    assert root.account["role"] == "admin"


async def test_an_invitation_creates_one_account_with_its_role(root: User, anonymous: httpx.AsyncClient):
    issued = await invite(root, role="premium")
    assert issued["link"] == f"{PUBLIC_URL}/#/register?invitation={issued['token']}"
    answers: list[httpx.Response] = []

    async def use(email: str) -> None:
        answers.append(await register(anonymous, email, invitation=issued["token"]))

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(use, f"guest{number}@example.org")
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    [made] = [answer.json() for answer in answers if answer.status_code == 201]
    assert made["user"]["role"] == "premium"
    assert {code_of(answer) for answer in answers if answer.status_code == 422} == {"invitation_refused"}
    item = await listed(root, issued["id"])
    assert (item["usedBy"], item["invitedBy"], item["role"]) == (made["user"]["id"], root.account["id"], "premium")
    assert item["usedAt"] is not None
    assert issued["token"] not in (await root.http.get("/admin/invitations")).text


async def test_an_invitation_for_an_address_is_sent_there_and_valid_only_for_it(root: User, anonymous: httpx.AsyncClient, mailbox: Mailbox):
    issued = await invite(root, email="Wanted@Example.org")
    mail = await mailbox.next()
    assert (mail["To"], mail["From"]) == ("wanted@example.org", "Example's Playground <playground@example.org>")
    assert issued["link"] in mail.get_content()
    assert token_in(mail) == issued["token"]
    stranger = await register(anonymous, "stranger@example.org", invitation=issued["token"])
    assert (code_of(stranger), stranger.json()["errors"][0]["field"]) == ("invitation_refused", "invitation")
    assert (await register(anonymous, "WANTED@example.org", invitation=issued["token"])).status_code == 201
    again = await root.http.post("/admin/invitations", json={"email": "wanted@example.org"})
    assert (again.status_code, code_of(again)) == (409, "email_taken")


@pytest.mark.parametrize("fate", ["another role", "locked", "deleted"])
async def test_invitations_of_a_former_administrator_are_not_valid(root: User, anonymous: httpx.AsyncClient, fate: str):
    invited = await invite(root, role="admin")
    made = (await register(anonymous, f"{new_id()}@example.org", invitation=invited["token"])).json()
    async with httpx.AsyncClient(base_url=root.http.base_url, timeout=60) as http:
        issued = await invite(User(http, made), role="admin")
    path = f"/admin/users/{made['user']['id']}"
    if fate == "deleted":
        ended = await root.http.delete(path)
    else:
        ended = await root.http.patch(path, json={"role": "premium"} if fate == "another role" else {"active": False})
    assert ended.is_success, ended.text
    refused = await register(anonymous, f"{new_id()}@example.org", invitation=issued["token"])
    assert (refused.status_code, code_of(refused)) == (422, "invitation_refused")


async def test_a_failed_registration_does_not_use_the_invitation(root: User, anonymous: httpx.AsyncClient):
    issued = await invite(root)
    assert (await register(anonymous, root.account["email"], invitation=issued["token"])).status_code == 409
    assert (await listed(root, issued["id"]))["usedAt"] is None
    assert (await register(anonymous, "later@example.org", invitation=issued["token"])).status_code == 201


async def test_withdrawn_expired_and_invented_invitations_are_invalid(
    root: User, anonymous: httpx.AsyncClient, service: RunningService, portal: BlockingPortal
):
    withdrawn = await invite(root)
    assert (await root.http.delete(f"/admin/invitations/{withdrawn['id']}")).status_code == 204
    assert (await root.http.delete(f"/admin/invitations/{withdrawn['id']}")).status_code == 404
    [made, undone] = portal.call(
        service.database.run,
        lambda prisma: prisma.audit_events.find_many(where={"target_id": withdrawn["id"]}, order={"id": "asc"}),
    )
    assert [(event.action, event.actor_id) for event in (made, undone)] == [
        ("invitation.issued", root.account["id"]),
        ("invitation.withdrawn", root.account["id"]),
    ]
    assert withdrawn["token"] not in str(made.details)
    expired = await invite(root, expiresAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    portal.call(
        service.database.run,
        lambda prisma: prisma.execute_raw("UPDATE invitations SET expires_at = now() WHERE id = $1", expired["id"]),
    )
    for token in (withdrawn["token"], expired["token"], "x" * 43):
        response = await register(anonymous, "nobody@example.org", invitation=token)
        assert (response.status_code, code_of(response)) == (422, "invitation_refused")


@pytest.mark.parametrize("hours", [-1, 24 * 400])
async def test_an_invitation_ends_in_the_future_and_within_a_year(root: User, hours: int):
    ends = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    response = await root.http.post("/admin/invitations", json={"expiresAt": ends})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "expiresAt")


async def test_invitations_are_listed_page_by_page(root: User):
    ids = [(await invite(root))["id"] for _ in range(3)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await root.http.get("/admin/invitations", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert set(ids) <= set(seen)


async def test_only_administrators_can_invite(root: User, anonymous: httpx.AsyncClient):
    issued = await invite(root)
    guest = (await register(anonymous, "curious@example.org", invitation=issued["token"])).json()
    headers = {"Authorization": f"Bearer {guest['accessToken']}"}
    for method, path in (("POST", ""), ("GET", ""), ("DELETE", f"/{issued['id']}")):
        body = {"json": {"role": "admin"}} if method == "POST" else {}
        response = await anonymous.request(method, f"/admin/invitations{path}", headers=headers, **body)  # type: ignore[arg-type]
        assert (response.status_code, code_of(response)) == (403, "forbidden")
        assert (await anonymous.request(method, f"/admin/invitations{path}", **body)).status_code == 401  # type: ignore[arg-type]


async def test_a_link_for_a_new_password_leads_to_the_page_whatever_host_was_asked(
    root: User, anonymous: httpx.AsyncClient, mailbox: Mailbox
):
    body = {"email": root.account["email"]}
    headers = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"}
    assert (await anonymous.post("/auth/forgot-password", json=body, headers=headers)).status_code == 202
    mail = await mailbox.next()
    assert mail["To"] == root.account["email"]
    text = mail.get_content()
    assert f"{PUBLIC_URL}/#/reset-password?token={token_in(mail)}" in text
    assert "evil" not in mail.as_string()


async def test_if_registration_is_closed_not_even_the_first_account_can_register(new_data_dir: NewDataDir):
    settings = settings_for(new_data_dir(), registration="closed", simulator=False)
    async with running(settings) as service, httpx.AsyncClient(base_url=service.url) as http:
        response = await register(http, ROOT_EMAIL)
    assert (response.status_code, code_of(response)) == (403, "registration_closed")
