"""The engine and PostgreSQL may die at any moment: operations go on by themselves."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import anyio
import anyio.to_thread
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from playground.database.client import Database, DatabaseAway
from playground.database.embedded.cluster import Cluster
from playground.database.generated import Prisma
from playground.kit.ids import new_id

from .conftest import ended, frozen, kill, postmaster_pid, settings_for

WORKERS = 12


class Load:
    """Many workers that store texts without a pause, each counting what it has stored."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = [0] * WORKERS
        self._advanced = anyio.Event()

    async def work(self, worker: int) -> None:
        user_id = new_id()
        while True:
            text = f"{worker}: {self._done[worker]}"
            await self._database.run(partial(self._store, user_id=user_id, text=text))
            self._done[worker] += 1
            self._advanced.set()
            self._advanced = anyio.Event()

    @staticmethod
    async def _store(client: Prisma, user_id: str, text: str) -> None:
        async with client.tx() as transaction:
            await transaction.users.upsert(where={"id": user_id}, data={"create": {"id": user_id, "name": text}, "update": {"name": text}})
        user = await client.users.find_unique_or_raise(where={"id": user_id})
        assert user.name == text

    async def everybody_advances(self, by: int = 2) -> None:
        aims = [done + by for done in self._done]
        with anyio.fail_after(30):
            while any(done < aim for done, aim in zip(self._done, aims, strict=True)):
                await self._advanced.wait()


@asynccontextmanager
async def under_load(database: Database) -> AsyncIterator[Load]:
    """Whatever a worker raises, `DatabaseAway` above all, fails the test."""
    load = Load(database)
    async with anyio.create_task_group() as group:
        for worker in range(WORKERS):
            group.start_soon(load.work, worker)
        await load.everybody_advances()
        yield load
        await load.everybody_advances()
        group.cancel_scope.cancel()


@pytest.fixture
async def opened(shared_data_dir: Path) -> AsyncIterator[Database]:
    async with Database.open(settings_for(shared_data_dir)) as database:
        yield database


async def test_operations_continue_after_the_engine_is_killed_under_load(opened: Database) -> None:
    async with under_load(opened) as load:
        for _ in range(2):
            assert opened._engine is not None
            await kill(opened._engine.process.pid)
            await load.everybody_advances()


async def test_operations_continue_after_the_engine_hangs_under_load(opened: Database) -> None:
    async with under_load(opened) as load:
        assert opened._engine is not None
        os.kill(opened._engine.process.pid, signal.SIGSTOP)
        await load.everybody_advances()


async def test_operations_continue_after_the_embedded_postgresql_is_killed_under_load(opened: Database, shared_data_dir: Path) -> None:
    async with under_load(opened) as load:
        for _ in range(2):
            os.kill(postmaster_pid(shared_data_dir), signal.SIGKILL)
            await load.everybody_advances()


async def test_operations_continue_after_the_embedded_postgresql_is_stopped_under_load(opened: Database, shared_data_dir: Path) -> None:
    async with under_load(opened) as load:
        for _ in range(2):
            os.kill(postmaster_pid(shared_data_dir), signal.SIGINT)
            await load.everybody_advances()


async def test_an_unresponsive_postgresql_is_unavailable_and_its_connections_are_closed(opened: Database, shared_data_dir: Path) -> None:
    async def answer() -> object:
        return await opened.run(lambda client: client.query_raw("SELECT 1"))

    await answer()
    with frozen(shared_data_dir), anyio.fail_after(25), pytest.raises(DatabaseAway):
        await answer()
    assert await answer()
    assert opened.engine_restarts == 0


async def test_a_statement_may_take_longer_than_a_health_check(shared_data_dir: Path) -> None:
    # Also where it takes the only connection.
    settings = settings_for(shared_data_dir).model_copy(update={"database_pool_size": 1})
    async with Database.open(settings) as database:
        assert await database.run(lambda client: client.query_raw("SELECT 1 FROM pg_sleep(6)"))


async def test_operations_continue_after_an_external_server_restarts_under_load(shared_data_dir: Path, database: Database) -> None:
    cluster = Cluster(shared_data_dir / "postgres")

    def restart() -> None:
        cluster.stop()
        cluster.start()

    async with Database.open(settings_for(shared_data_dir, cluster.url)) as external, under_load(external) as load:
        for _ in range(2):
            await anyio.to_thread.run_sync(restart)
            await load.everybody_advances()


async def test_operations_continue_after_postgresql_cuts_every_connection_under_load(opened: Database) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    async with under_load(opened) as load:
        for _ in range(3):
            await opened.run(lambda client: client.query_raw(cut))
            await load.everybody_advances()


async def test_an_idle_service_is_healthy_again_after_engine_and_postgresql_died(opened: Database, shared_data_dir: Path) -> None:
    assert opened._engine is not None
    await kill(opened._engine.process.pid)
    os.kill(postmaster_pid(shared_data_dir), signal.SIGKILL)

    # Both at once, on a busy machine, may take longer than one operation is patient.
    while not await opened.healthy():
        pass

    await opened.run(lambda client: client.users.count())


async def test_an_unavailable_database_is_reported_and_used_again_when_it_is_back(made_data_dir: Path) -> None:
    cluster = Cluster(made_data_dir / "postgres")
    await anyio.to_thread.run_sync(cluster.start)
    async with Database.open(settings_for(made_data_dir, cluster.url)) as external:
        await anyio.to_thread.run_sync(cluster.stop)

        assert not await external.healthy()
        with pytest.raises(DatabaseAway) as failure:
            await external.run(lambda client: client.users.count())
        assert failure.value.status == 503
        assert "Retry-After" in failure.value.headers

        await anyio.to_thread.run_sync(cluster.start)
        assert await external.run(lambda client: client.users.count()) == 0
        assert await external.healthy()


async def test_a_cancelled_operation_does_not_affect_others(opened: Database) -> None:
    engine = opened._engine

    async def impatient(client: Prisma) -> None:
        with anyio.fail_after(0.05):
            await client.query_raw("SELECT 1 FROM pg_sleep(5)")

    with pytest.raises(TimeoutError):
        await opened.run(impatient)

    await opened.run(lambda client: client.users.count())
    assert opened._engine is engine


async def test_signals_for_the_service_do_not_end_the_engine_under_it(opened: Database) -> None:
    engine = opened._engine
    assert engine is not None
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(engine.process.pid, sent)

    await opened.run(lambda client: client.users.count())

    assert opened._engine is engine


async def test_the_engine_and_its_connections_end_with_a_service_that_is_killed(shared_data_dir: Path, python: list[str]) -> None:
    program = """
import anyio, sys
from pathlib import Path
from playground.database.client import Database
from playground.settings import Settings
async def main():
    async with Database.open(Settings(data_dir=Path(sys.argv[1]), database_url=None, _env_file=None)) as database:
        print(database._engine.process.pid, 'is its engine', flush=True)
        await anyio.sleep_forever()
anyio.run(main)
"""
    async with await anyio.open_process([*python, program, str(shared_data_dir)], stderr=None) as service:
        assert service.stdout is not None
        [*_, line] = (await BufferedByteReceiveStream(service.stdout).receive_until(b" is its engine\n", 10_000)).splitlines()
        engine = os.pidfd_open(int(line))
        service.kill()
        await ended(engine)


async def test_no_one_without_the_secret_can_use_the_engine(opened: Database) -> None:
    assert opened._engine is not None
    url = str(opened._engine.client._engine._http._base_url)
    async with aiohttp.ClientSession(url) as stranger:
        for headers in ({}, {"Authorization": "Bearer guess"}):
            async with stranger.post("/", data='{"query": "query { result: findManyusers { id } }"}', headers=headers) as response:
                assert response.status == 401
