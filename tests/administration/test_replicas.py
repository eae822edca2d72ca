"""What an administrator or the terminal changes holds at once on every replica."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import run_sync

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import PASSWORD, User
from ..support.folders import NewDataDir
from ..support.process import until
from ..support.redis import running_redis
from .test_user_commands import playground_user


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="module")
def data_dir(new_data_dir: NewDataDir) -> Path:
    return new_data_dir()


@pytest.fixture(scope="module")
async def replicas(settings: Settings, data_dir: Path, redis_url: str) -> AsyncIterator[tuple[RunningService, RunningService]]:
    shared = Settings(**settings.model_dump() | {"data_dir": data_dir, "redis_url": redis_url}, _env_file=None)
    async with running(shared) as first, running(shared) as second:
        yield first, second


async def registered(service: RunningService, name: str) -> User:
    http = httpx.AsyncClient(base_url=service.url, timeout=60)
    account = {"email": f"{name}@example.org", "password": PASSWORD, "name": name}
    return User(http, (await http.post("/auth/register", json=account)).raise_for_status().json())


async def test_a_change_on_one_replica_applies_on_the_other(
    replicas: tuple[RunningService, RunningService], data_dir: Path, redis_url: str
) -> None:
    first, second = replicas
    admin, user = await registered(first, "ada"), await registered(first, "bob")
    path = f"/admin/users/{user.account['id']}"
    user.http.base_url = second.url  # From here on the user asks the second, and the administrator the first.
    body = {"prompt": "Hi", "models": ["sim/careful"]}

    def answered(status: int) -> Any:
        async def asked() -> bool:
            return (await user.http.post("/playground/estimate", json=body)).status_code == status

        return asked

    await until(answered(200))
    assert (await admin.http.patch("/admin/models/sim/careful", json={"tier": "premium"})).status_code == 200
    await until(answered(403))
    assert (await admin.http.patch(path, json={"role": "premium"})).status_code == 200
    await until(answered(200))

    assert (await admin.http.patch("/admin/models/sim/careful", json={"price": {"input": "9", "output": "9"}})).status_code == 200

    async def priced() -> bool:
        [item] = (await user.http.get("/models", params={"q": "sim/careful"})).json()["items"]
        return item["price"] is not None and item["price"]["input"] == "9"

    await until(priced)
    assert (await admin.http.get("/admin/system")).json()["redis"] == {"state": "ok"}

    # The terminal tells through Redis as well.
    done = await run_sync(lambda: playground_user(data_dir, "promote", "bob@example.org", "--role", "user", REDIS_URL=redis_url))
    assert done.stdout == "bob@example.org now has the role user.\nA running service applies this immediately.\n"
    await until(answered(403))

    assert (await admin.http.patch(path, json={"active": False})).status_code == 200
    await until(answered(401))
    for each in (admin, user):
        await each.http.aclose()
