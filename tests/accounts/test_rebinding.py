"""Pages of other sites whose names were made to mean this machine (DNS rebinding)."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request

from playground.accounts.dns_rebinding import check_name
from playground.accounts.logins.cookies import ForeignOrigin
from playground.kit.ids import new_id
from playground.settings import Settings

from ..support.client import PASSWORD


def asked_by(origin: str | None) -> Request:
    headers = [] if origin is None else [(b"origin", origin.encode())]
    return Request({"type": "http", "method": "POST", "path": "/auth/register", "headers": headers})


@pytest.mark.parametrize("origin", ["http://evil.example.org:4000", "http://localhost.evil.example.org", "http://192.168.1.7:4000"])
async def test_a_page_under_another_name_cannot_register(anonymous: httpx.AsyncClient, origin: str):
    account = {"email": f"{new_id()}@example.org", "password": PASSWORD, "name": "Evil"}
    # As its browser asks: for it the name is that of the service.
    headers = {"Origin": origin, "Host": origin.removeprefix("http://")}
    refused = await anonymous.post("/auth/register", json=account, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:playground:problem:foreign_origin")
    assert (await anonymous.post("/auth/login", json={"email": account["email"], "password": PASSWORD})).status_code == 401


async def test_a_page_with_an_opaque_origin_cannot_register(anonymous: httpx.AsyncClient):
    account = {"email": f"{new_id()}@example.org", "password": PASSWORD, "name": "Evil"}
    refused = await anonymous.post("/auth/register", json=account, headers={"Origin": "http://["})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:playground:problem:foreign_origin")


@pytest.mark.parametrize(
    ("origin", "settings"),
    [
        (None, {}),
        ("http://localhost:4000", {}),
        ("http://playground.localhost", {}),
        ("http://127.0.0.1:4000", {}),
        ("http://[::1]:4000", {}),
        ("https://evil.example.org", {}),
        ("null", {}),
        ("http://team.example.org", {"host": "0.0.0.0"}),  # noqa: S104 - what this is about
        ("http://team.example.org", {"trusted_proxies": ("127.0.0.1",)}),
        ("http://team.example.org", {"public_url": "http://team.example.org"}),
        ("http://team.example.org", {"public_url": "http://team.example.org/playground"}),
        ("http://friend.example.org", {"cors_origins": ("http://friend.example.org",)}),
    ],
)
def test_other_clients_can_register(origin: str | None, settings: dict[str, Any]):
    check_name(asked_by(origin), Settings(_env_file=None, **settings))


def test_a_name_that_only_starts_like_the_services_is_refused():
    with pytest.raises(ForeignOrigin):
        check_name(asked_by("http://team.example"), Settings(_env_file=None, public_url="http://team.example.org"))
