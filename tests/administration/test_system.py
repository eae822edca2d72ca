"""`/admin/system`: how the service is."""

import platform
from importlib import metadata

from playground import __version__
from playground.serving.server import RunningService

from ..support.client import User, next_event
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider


async def test_versions_memory_database_and_catalogue_are_reported(admin: User) -> None:
    state = (await admin.http.get("/admin/system")).json()
    assert (state["version"], state["python"]) == (__version__, platform.python_version())
    assert state["libraries"]["fastapi"] == metadata.version("fastapi")
    assert state["process"]["memory"] > 10_000_000
    assert state["process"]["uptime"] > 0
    assert state["process"]["eventLoopLag"] >= 0
    assert (state["database"]["state"], state["database"]["embedded"]) == ("ok", True)
    assert int(state["database"]["version"].partition(".")[0]) >= 14
    assert state["database"]["size"] > 1_000_000
    assert state["redis"] == {"state": "none"}
    assert state["simulator"] is True
    assert {(entry["id"], entry["state"]) for entry in state["catalogue"]} == {("scripted", "failed"), ("sim", "ok")}


async def test_open_runs_and_streams_that_are_read_are_counted(admin: User, user: User, scripted: ScriptedProvider) -> None:
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await gate.wait()
        await exchange.end(3, 4)

    async def counts() -> tuple[int, int]:
        process = (await admin.http.get("/admin/system")).json()["process"]
        return process["openRuns"], process["streams"]

    before = await counts()
    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session = await next_event(events, "session")
        async with user.stream("GET", f"/playground/sessions/{session.data['sessionId']}/stream") as same:
            await next_event(same, "chunk")
            assert await counts() == (before[0] + 1, before[1] + 2)
        gate.open()
        await next_event(events, "done")

    async def over() -> bool:
        return await counts() == before

    await until(over)


async def test_an_engine_that_died_and_was_started_again_is_counted(admin: User, service: RunningService) -> None:
    async def engine() -> dict[str, object]:
        state: dict[str, object] = (await admin.http.get("/admin/system")).json()["engine"]
        return state

    before = await engine()
    assert before["state"] == "running"
    running = service.database._engine
    assert running is not None
    running.process.kill()

    async def back() -> bool:
        return await engine() == {"state": "running", "restarts": int(str(before["restarts"])) + 1}

    await until(back)
