"""The database is away when a run begins or ends: what it came to waits on the disk, and so does what has to be taken back."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.to_thread import run_sync

from playground.database.embedded import cluster as clusters
from playground.database.embedded.cluster import Cluster

from ..support.client import Event, User, new_user, next_event, of_type, parse_events, text_of
from ..support.folders import NewDataDir
from ..support.process import ServiceProcess, recorded_answer, serving, until, until_journal_holds
from ..support.scripted import Exchange, Gate, ScriptedProvider
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


async def test_a_run_ends_without_the_database_and_is_stored_when_it_is_back(
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


@contextmanager
def full_disk(service: ServiceProcess) -> Iterator[None]:
    """Whatever the service writes into a file fails after some bytes; what others write does not."""
    before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)


async def test_a_run_is_kept_in_memory_while_neither_the_database_nor_the_disk_accepts_it(
    serve: Serving, cluster: Cluster, model: str, gate: Gate
) -> None:
    with serve() as service:
        async with new_user(service.url) as user:
            async with user.stream(json={"prompt": "Hi", "models": [model]}) as events:
                session = await next_event(events, "session")
                await next_event(events, "chunk")
                await until_journal_holds(service, "before ")
                with full_disk(service):
                    await run_sync(cluster.stop)
                    gate.open()
                    assert text_of([event async for event in events], 0) == "after"
                    await service.logged("recording_later", session_id=session.data["sessionId"])
                    assert "after" not in service.journal()
            await until_journal_holds(service, '"type":"answered"')
            await run_sync(cluster.start)
            answer = await recorded_answer(user, session.data["sessionId"])
            assert (answer["status"], answer["text"], answer["inputTokens"]) == ("completed", "before after", 3)


async def test_without_space_for_the_journal_a_run_is_recorded_and_one_with_a_key_is_not_started(
    serve: Serving, model: str, gate: Gate
) -> None:
    body = {"prompt": "Hi", "models": [model]}
    with serve() as service:
        async with new_user(service.url) as user:
            with full_disk(service):
                async with user.stream(json=body) as events:
                    session_id = (await next_event(events, "session")).data["sessionId"]
                    await next_event(events, "chunk")
                    await service.logged("journal_failed")

                    async def found() -> bool:
                        return (await user.http.get(f"/playground/sessions/{session_id}")).status_code == 200

                    await until(found)
                    response = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "no room"})
                    assert (response.status_code, response.json()["type"]) == (503, "urn:playground:problem:unavailable")
                    assert len((await user.http.get("/playground/sessions")).json()["items"]) == 1
                    assert service.journal() == ""
                    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                    await until_journal_holds(service, "before ")
                    gate.open()
                    assert text_of([event async for event in events], 0) == "after"
            again = await user.http.post("/playground/stream", json=body, headers={"Idempotency-Key": "no room"})
            assert text_of(parse_events(again.text), 0) == "before after"


def ask(cluster: Cluster, *sql: str) -> str:
    """As an operator, who may write whatever the others may."""
    commands = [part for text in ("SET default_transaction_read_only = off", *sql) for part in ("-c", text)]
    return subprocess.run(
        [clusters._programs() / "psql", "-qtA", cluster.url, *commands], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


@contextmanager
def locked(cluster: Cluster, what: str) -> Iterator[None]:
    """Whoever needs `what`, a table or a mode of it, waits until the block ends, and then goes on, wherever its sender is by then."""
    holder = subprocess.Popen(
        [clusters._programs() / "psql", "-qtA", cluster.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        print(f"BEGIN; LOCK TABLE {what}; SELECT 'locked';", file=holder.stdin, flush=True)
        assert holder.stdout.readline() == "locked\n"
        yield


async def test_a_start_without_a_response_of_the_database_leaves_nothing_open(
    serve: Serving, cluster: Cluster, model: str, gate: Gate
) -> None:
    gate.open()
    key = {"Idempotency-Key": "no answer"}

    async def row_waits() -> bool:
        return await run_sync(ask, cluster, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "1\n"

    async def row_came() -> bool:
        return await run_sync(ask, cluster, "SELECT count(*) FROM runs WHERE idempotency_key = 'no answer'") == "1\n"

    with serve(SHUTDOWN_GRACE_SECONDS=0) as service:
        async with new_user(service.url) as user:
            session_id = (await user.compare("Hi", [model]))[0].data["sessionId"]
            body = {"prompt": "And?", "sessionId": session_id}
            refused = []

            async def start() -> None:
                refused.append(await user.http.post("/playground/stream", json=body, headers=key))

            with locked(cluster, "turns IN EXCLUSIVE MODE"):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(start)
                    await until(row_waits)
                    service.terminate()
                assert await service.ended() == 0
            [response] = refused
            assert (response.status_code, response.json()["type"]) == (503, "urn:playground:problem:shutting_down")
            await until(row_came)

            with serve() as restarted:
                user.http.base_url = restarted.url

                async def started() -> list[Event] | None:
                    response = await user.http.post("/playground/stream", json=body, headers=key)
                    return parse_events(response.text) if response.status_code == 200 else None

                events = await until(started)
                turns = (await user.session(session_id))["turns"]
    assert text_of(events, 0) == "before after"
    assert [(turn["turn"], turn["answers"][0]["text"]) for turn in turns] == [(1, "before after"), (2, "before after")]


async def test_requests_that_wait_for_the_database_do_not_delay_shutdown(serve: Serving, cluster: Cluster, model: str) -> None:
    async def cut_off(user: User, path: str) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await user.http.get(path)

    with serve(SHUTDOWN_GRACE_SECONDS=0) as service:
        async with (
            new_user(service.url) as user,
            anyio.create_task_group() as tasks,
            user.stream(json={"prompt": "Hi", "models": [model]}) as events,
        ):
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            with locked(cluster, "sessions"):
                tasks.start_soon(cut_off, user, f"/playground/sessions/{session.data['sessionId']}")
                # Answered after it, so the service has that request.
                assert (await user.http.get("/health")).status_code == 200
                service.terminate()
                assert of_type([event async for event in events], "done")
                assert await service.ended() == 0
    assert "Traceback" not in service.stderr
    assert [line for line in service.log if line["level"] == "error"] == []

    with serve() as restarted:
        async with httpx.AsyncClient(base_url=restarted.url, headers=user.http.headers) as user.http:
            answer = await recorded_answer(user, session.data["sessionId"])
    assert (answer["status"], answer["text"]) == ("stopped", "before ")


async def test_turns_refused_by_a_read_only_database_are_stored_when_it_accepts_writes_again(
    serve: Serving, cluster: Cluster, model: str, gate: Gate
) -> None:
    def read_only(value: str) -> None:
        ask(cluster, f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()")

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
