"""Who may read metrics, and see the details of the status."""

from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr

from playground.kit import logs
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD
from ..support.folders import NewDataDir

TOKEN = "metrics-token-" * 3
FORWARDED = [{"X-Forwarded-For": "198.51.100.7"}, {"Forwarded": "for=198.51.100.7"}, {"X-Real-IP": "198.51.100.7"}, {"Via": "1.1 proxy"}]


@pytest.fixture(scope="module")
def guarded(portal: BlockingPortal, settings: Settings, new_data_dir: NewDataDir) -> Iterator[RunningService]:
    """A service whose metrics need a token."""
    own = settings.model_copy(update={"data_dir": new_data_dir(), "metrics_access": "token", "metrics_token": SecretStr(TOKEN)})
    logs.configure(own)
    with portal.wrap_async_context_manager(running(own)) as service:
        yield service


@pytest.fixture
async def anonymous(guarded: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=guarded.url, timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
def accounts(guarded: RunningService) -> dict[str, str]:
    """Access tokens by role. The first that registers is the administrator."""
    with httpx.Client(base_url=guarded.url, timeout=60) as http:
        return {
            role: http.post("/auth/register", json={"email": f"{role}@example.org", "password": PASSWORD, "name": role})
            .raise_for_status()
            .json()["accessToken"]
            for role in ("admin", "user")
        }


async def test_a_token_or_an_administrators_login_opens_the_metrics(anonymous: httpx.AsyncClient, accounts: dict[str, str]) -> None:
    for good in (TOKEN, accounts["admin"]):
        response = await anonymous.get("/metrics", headers={"Authorization": f"Bearer {good}"})
        assert response.status_code == 200
        assert "playground_runs_total" in response.text
        assert response.headers["cache-control"] == "no-store"


async def test_all_others_are_refused(anonymous: httpx.AsyncClient, accounts: dict[str, str]) -> None:
    assert (await anonymous.get("/metrics")).status_code == 401
    assert (await anonymous.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"})).status_code == 401
    assert (await anonymous.get("/metrics", headers={"Authorization": f"Bearer {accounts['user']}"})).status_code == 403


async def test_an_administrators_api_key_is_refused(anonymous: httpx.AsyncClient, accounts: dict[str, str]) -> None:
    login = {"Authorization": f"Bearer {accounts['admin']}"}
    key = (await anonymous.post("/users/me/api-keys", json={"name": "Key", "scopes": ["stream"]}, headers=login)).json()["key"]
    response = await anonymous.get("/metrics", headers={"X-API-Key": key})
    assert response.status_code == 403


async def test_the_status_is_for_everyone_and_its_details_for_readers_of_metrics(anonymous: httpx.AsyncClient) -> None:
    public = (await anonymous.get("/status")).text
    assert "Everything works" in public
    assert "Simulator" not in public
    detailed = (await anonymous.get("/status", headers={"Authorization": f"Bearer {TOKEN}"})).text
    assert "Simulator" in detailed
    assert "Running comparisons" in detailed


@pytest.mark.parametrize("headers", [*FORWARDED, {"Host": "rebound.example.org"}])
async def test_a_local_service_takes_no_one_for_local_who_asks_for_another(service: RunningService, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        assert (await http.get("/metrics")).status_code == 200
        assert (await http.get("/metrics", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"metrics_access": "public"}, 200),
        ({"metrics_access": "off"}, 404),
        ({"public_url": "https://playground.example.org"}, 401),
        ({"trusted_proxies": (ip_network("10.0.0.0/8"),)}, 401),
    ],
)
async def test_the_setting_decides(settings: Settings, new_data_dir: NewDataDir, changed: dict[str, object], status: int) -> None:
    async with (
        running(settings.model_copy(update={"data_dir": new_data_dir(), **changed})) as service,
        httpx.AsyncClient(base_url=service.url) as http,
    ):
        assert (await http.get("/metrics")).status_code == status
