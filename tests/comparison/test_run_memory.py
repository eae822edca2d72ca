"""The budget of memory for runs: what is over leaves first, then new runs are refused, and what runs is never hurt."""

from collections.abc import AsyncIterator, Iterator

import pytest
from anyio.from_thread import BlockingPortal

from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User, new_user, next_event, of_type
from ..support.folders import NewDataDir
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider

TEXT = "megabytes of text " * 60_000
PIECES = [TEXT[start : start + 100_000] for start in range(0, len(TEXT), 100_000)]
HI = {"prompt": "Hi", "models": ["sim/quick"]}


@pytest.fixture(scope="module")
def small(portal: BlockingPortal, settings: Settings, new_data_dir: NewDataDir) -> Iterator[RunningService]:
    """A service with 8 MB for runs: 4 for each user."""
    changed = {"data_dir": new_data_dir(), "run_memory_mb": 8}
    with portal.wrap_async_context_manager(running(Settings(**{**settings.model_dump(), **changed}, _env_file=None))) as service:
        yield service


@pytest.fixture
async def owner(small: RunningService) -> AsyncIterator[User]:
    async with new_user(small.url) as user:
        yield user


async def long_answer(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write(*PIECES)
    await exchange.end(3, 4)


async def test_finished_runs_leave_memory_when_there_are_too_many_and_are_read_from_the_database(owner: User, scripted: ScriptedProvider):
    model = scripted.model(long_answer)
    runs = [await owner.compare(f"Write {number}", [model]) for number in range(3)]

    async def status(events: list) -> int:
        path = f"/playground/sessions/{events[0].data['sessionId']}/stream"
        return (await owner.http.get(path, headers={"Last-Event-ID": events[-2].id})).status_code

    async def first_left() -> bool:
        return await status(runs[0]) == 204

    await until(first_left)
    assert await status(runs[-1]) == 200
    for events in runs:
        session = (await owner.http.get(f"/playground/sessions/{events[0].data['sessionId']}")).json()
        assert session["turns"][0]["answers"][0]["text"] == TEXT


async def test_a_run_that_does_not_fit_is_refused_and_others_continue(small: RunningService, owner: User, scripted: ScriptedProvider):
    gate = Gate()

    async def waiting(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*PIECES)
        await gate.wait()
        await exchange.write("the end")
        await exchange.end(3, 4)

    async def refused() -> bool:
        response = await owner.http.post("/playground/stream", json=HI)
        if response.status_code == 200:
            return False
        assert (response.status_code, response.json()["type"]) == (503, "urn:playground:problem:run_memory_full")
        assert int(response.headers["retry-after"]) > 0
        return True

    async with owner.stream(json={"prompt": "Write", "models": [scripted.model(waiting)] * 5}) as events:
        session = await next_event(events, "session")
        await until(refused)
        async with new_user(small.url) as other:
            assert of_type(await other.compare("Hi", ["sim/quick"]), "done")
        gate.open()
        rest = [event async for event in events]
    assert of_type(rest, "done")
    detail = (await owner.http.get(f"/playground/sessions/{session.data['sessionId']}")).json()
    assert [answer["text"] == f"{TEXT}the end" for answer in detail["turns"][0]["answers"]] == [True] * 5

    async def accepted() -> bool:
        return (await owner.http.post("/playground/stream", json=HI)).status_code == 200

    await until(accepted)  # What is over has left.
