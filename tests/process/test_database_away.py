"""The database is away when a run ends: what it came to waits on the disk."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from playground.database import cluster as clusters
from playground.database.cluster import Cluster
from tests.support.client import new_user, next_event, of_type, text_of
from tests.support.folders import NewDataDir
from tests.support.process import recorded_answer, serving, until_journal_holds
from tests.support.scripted import Exchange, Gate, ScriptedProvider

from .conftest import Serving


@pytest.fixture(scope="module")
def folder(new_data_dir: NewDataDir) -> Path:
    return new_data_dir()


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Cluster:
    """A PostgreSQL that runs, and that no service looks after."""
    cluster = Cluster(folder / "postgres")
    cluster.start()
    return cluster


@pytest.fixture
def serve(folder: Path, cluster: Cluster, providers: Path) -> Serving:
    return partial(serving, folder, DATABASE_URL=cluster.url, PLAYGROUND_PROVIDERS_FILE=providers)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def model(scripted: ScriptedProvider, gate: Gate) -> str:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    return scripted.model(answer)


async def test_a_run_ends_without_the_database_which_gets_it_when_it_is_back(
    serve: Serving, cluster: Cluster, model: str, gate: Gate
) -> None:
    with serve() as service:
        async with new_user(service.url) as user:
            async with user.stream(json={"prompt": "Hi", "models": [model]}) as events:
                session = await next_event(events, "session")
                await next_event(events, "chunk")
                await run_sync(cluster.stop)
                gate.open()
                rest = [event async for event in events]
            assert text_of(rest, 0) == "after"
            assert of_type(rest, "status")[-1]["status"] == "completed"
            assert of_type(rest, "done")
            assert (await user.http.get("/health")).json() == {"status": "degraded", "database": "away"}
            await until_journal_holds(service, '"type":"answered"')

            await run_sync(cluster.start)
            answer = await recorded_answer(user, session.data["sessionId"])
            assert (answer["status"], answer["text"], answer["inputTokens"]) == ("completed", "before after", 3)


async def test_a_run_that_never_saw_the_database_survives_a_restart(serve: Serving, cluster: Cluster, model: str, gate: Gate) -> None:
    gate.open()
    with serve(SHUTDOWN_GRACE_SECONDS=0) as service:
        async with new_user(service.url) as user:
            # What decides about the run is known: who asks, and that they have no key of their own.
            assert (await user.http.get("/users/me/provider-keys")).json()["items"] == []
            await run_sync(cluster.stop)
            events = await user.compare("Hi", [model])
            assert of_type(events, "done")
            service.terminate()
            assert await service.ended() == 0

            await run_sync(cluster.start)
            with serve() as restarted:
                user.http.base_url = restarted.url
                await restarted.logged("recorded_from_journal")
                answer = await recorded_answer(user, events[0].data["sessionId"])
            assert (answer["status"], answer["text"], answer["inputTokens"]) == ("completed", "before after", 3)
            assert restarted.journal() == ""


async def test_what_a_read_only_database_refuses_is_stored_when_it_takes_writes_again(
    serve: Serving, cluster: Cluster, model: str, gate: Gate
) -> None:
    def read_only(value: str) -> None:
        sql = [f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()"]
        # As an operator, who may write all the same.
        commands = [part for text in ("SET default_transaction_read_only = off", *sql) for part in ("-c", text)]
        subprocess.run([clusters._programs() / "psql", "-q", cluster.url, *commands], check=True, stdout=subprocess.DEVNULL)

    with serve() as service:
        async with new_user(service.url) as user:
            async with user.stream(json={"prompt": "Hi", "models": [model]}) as events:
                session = await next_event(events, "session")
                await next_event(events, "chunk")
                await until_journal_holds(service, '"type":"stored"')
                await run_sync(read_only, "on")
                gate.open()
                assert text_of([event async for event in events], 0) == "after"
            await service.logged("recording_later")
            await run_sync(read_only, "off")
            answer = await recorded_answer(user, session.data["sessionId"])
            assert (answer["status"], answer["text"]) == ("completed", "before after")
