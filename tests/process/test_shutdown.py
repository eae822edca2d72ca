"""SIGTERM while runs go on."""

import signal
from pathlib import Path

import anyio
import httpx
import pytest

from playground.database.embedded.cluster import Cluster
from playground.serving import server
from playground.serving.server import running
from playground.settings import Settings

from ..support.client import User, new_user, next_event, of_type, text_of
from ..support.folders import temporary_folder
from ..support.process import ServiceProcess, recorded_answer
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Serving


async def is_refused(service: ServiceProcess, token: str) -> bool:
    """Whether a new run is, be it by an answer or by nobody listening any more."""
    body = {"prompt": "One more", "models": ["sim/quick"]}
    async with httpx.AsyncClient(base_url=service.url, headers={"Authorization": f"Bearer {token}"}) as late:
        try:
            response = await late.post("/playground/stream", json=body)
        except httpx.ConnectError:
            return True
    return response.status_code == 503 and response.json()["type"] == "urn:playground:problem:shutting_down"


def assert_ended_in_order(service: ServiceProcess, code: int) -> None:
    assert code == 0
    assert "Traceback" not in service.stderr
    events = [line["event"] for line in service.log]
    assert [line for line in service.log[events.index("draining") :] if line["level"] != "info"] == []


async def test_within_the_grace_period_runs_finish_and_new_ones_are_refused(serve: Serving, scripted: ScriptedProvider) -> None:
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    with serve(SHUTDOWN_GRACE_SECONDS=30) as service:
        async with new_user(service.url) as user, user.stream(json={"prompt": "Hi", "models": [scripted.model(answer)]}) as events:
            await next_event(events, "chunk")
            service.signal(signal.SIGTERM)
            await service.logged("draining", runs=1)
            assert await is_refused(service, user.token)
            gate.open()
            rest = [event async for event in events]
        assert text_of(rest, 0) == "after"
        assert of_type(rest, "status")[-1]["status"] == "completed"
        assert rest[-1].data["type"] == "done"
        assert_ended_in_order(service, await service.ended())


async def test_a_signal_during_the_start_ends_everything_started() -> None:
    with temporary_folder() as folder:
        service = ServiceProcess(folder)
        await service.logged("migrating the database")
        service.terminate()
        assert await service.ended() == 0
        assert "Traceback" not in service.stderr
        assert not Cluster(folder / "postgres").answers()


async def writes_and_waits(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("some text")
    await exchange.until_client_leaves()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_without_a_grace_period_runs_are_stopped_reported_and_stored(
    serve: Serving, service: ServiceProcess, user: User, scripted: ScriptedProvider, number: signal.Signals
) -> None:
    another_service = user.http.base_url
    with serve(SHUTDOWN_GRACE_SECONDS=0) as ending:
        user.http.base_url = ending.url
        async with user.stream(json={"prompt": "Hi", "models": [scripted.model(writes_and_waits)]}) as events:
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            ending.signal(number)
            rest = [event async for event in events]
        assert of_type(rest, "status")[-1]["status"] == "stopped"
        assert rest[-1].data["type"] == "done"
        assert_ended_in_order(ending, await ending.ended())
    user.http.base_url = another_service
    [kept] = (await user.session(session.data["sessionId"]))["turns"][0]["answers"]
    assert (kept["status"], kept["text"], kept["estimated"]) == ("stopped", "some text", True)


async def test_a_blocked_reader_does_not_delay_shutdown(serve: Serving, user: User, scripted: ScriptedProvider) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        # More than the sockets on the way hold.
        await exchange.write(*["x" * 100_000] * 100)
        await exchange.end(3, 4)

    another_service = user.http.base_url
    with serve(SHUTDOWN_GRACE_SECONDS=600) as ending:
        user.http.base_url = ending.url
        async with user.http.stream("POST", "/playground/stream", json={"prompt": "Hi", "models": [scripted.model(answer)]}) as response:
            assert response.status_code == 200
            await ending.logged("run_finished")
            ending.signal(signal.SIGTERM)
            # Far before the grace of the runs, which are over.
            assert await ending.ended() == 0
    user.http.base_url = another_service
    assert "Traceback" not in ending.stderr


async def test_an_incomplete_request_does_not_delay_shutdown(serve: Serving) -> None:
    with serve(SHUTDOWN_GRACE_SECONDS=600) as ending:
        async with new_user(ending.url) as user, await anyio.connect_tcp("127.0.0.1", int(ending.url.rpartition(":")[2])) as connection:
            head = f"POST /playground/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\nContent-Length: 1000\r\n\r\n"
            await connection.send(head.encode() + b"{")
            # Answered after it, so the service has that request.
            assert (await user.http.get("/auth/profile")).status_code == 200
            ending.signal(signal.SIGTERM)
            assert await ending.ended() == 0
    assert "Traceback" not in ending.stderr


async def test_a_second_interrupt_exits_immediately_and_loses_nothing(serve: Serving, user: User, scripted: ScriptedProvider) -> None:
    another_service = user.http.base_url
    with serve(SHUTDOWN_GRACE_SECONDS=600) as ending:
        user.http.base_url = ending.url
        async with (
            await anyio.connect_tcp("127.0.0.1", int(ending.url.rpartition(":")[2])) as upload,
            user.stream(json={"prompt": "Hi", "models": [scripted.model(writes_and_waits)]}) as events,
        ):
            await upload.send(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            ending.signal(signal.SIGINT)
            await ending.logged("draining")
            ending.signal(signal.SIGINT)
            assert_ended_in_order(ending, await ending.ended())
    user.http.base_url = another_service
    [kept] = (await user.session(session.data["sessionId"]))["turns"][0]["answers"]
    assert (kept["status"], kept["text"]) == ("stopped", "some text")


async def test_what_takes_too_long_to_record_is_recorded_by_the_next_start(
    settings: Settings, data_dir: Path, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_SPARE_SECONDS", 0)
    own = settings.model_copy(update={"data_dir": data_dir})
    async with (
        running(own) as service,
        new_user(service.url) as user,
        user.stream(json={"prompt": "Hi", "models": [scripted.model(writes_and_waits)]}) as events,
    ):
        session = await next_event(events, "session")
        await next_event(events, "chunk")
    async with running(own) as service, httpx.AsyncClient(base_url=service.url, headers=user.http.headers) as user.http:
        kept = await recorded_answer(user, session.data["sessionId"])
    assert (kept["status"], kept["text"], kept["estimated"]) == ("interrupted", "some text", True)
