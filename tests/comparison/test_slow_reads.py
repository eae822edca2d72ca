"""Reads that take long: they end in time, and leave the database to others."""

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison import repository
from playground.database import shares
from playground.kit.ids import new_id
from playground.serving.server import RunningService

from ..support.client import User
from .test_sessions import make

_PROMPTS = """
WITH made AS (SELECT $1 || number AS id, number FROM generate_series(1, 30) AS number),
made_sessions AS (INSERT INTO sessions (id, user_id, title, updated_at) SELECT id, $2, 'Slow', now() FROM made)
INSERT INTO turns (id, session_id, number, prompt, run_id, user_id) SELECT id, id, 1, repeat('a', 60000) || 'baa', id, $2 FROM made
"""
SLOWEST = "b" + "a" * 499
"""In each of these prompts the index has all that this is made of, and every place of it has to be compared for hundreds of letters."""


@pytest.fixture
async def slow(user: User, service: RunningService, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody whose searches take longer than they may."""
    monkeypatch.setattr(repository, "LIST_SECONDS", 0.3)
    await anyio.to_thread.run_sync(
        lambda: portal.call(service.database.run, lambda prisma: prisma.execute_raw(_PROMPTS, new_id(), user.account["id"]))
    )
    return user


async def test_a_search_that_takes_too_long_ends_with_advice(slow: User) -> None:
    response = await slow.http.get("/playground/sessions", params={"q": SLOWEST})

    assert response.status_code == 503
    assert response.json()["type"] == "urn:playground:problem:too_slow"
    assert "`from`" in response.json()["detail"]
    assert response.headers["Retry-After"]
    # The connection is as it was.
    assert (await slow.http.get("/playground/sessions")).status_code == 200


async def test_a_user_with_dozens_of_slow_reads_does_not_take_the_database_from_another(slow: User, other_user: User) -> None:
    session_id = await make(other_user, "Quick")
    answers: list[httpx.Response] = []

    async def search(path: str) -> None:
        answers.append(await slow.http.get(path, params={"q": SLOWEST}))

    async with anyio.create_task_group() as tasks:
        for number in range(36):
            tasks.start_soon(search, "/playground/sessions" if number % 2 else "/playground/sessions/export")
        while not answers:  # noqa: ASYNC110 - until they are under way
            await anyio.sleep(0.01)
        for _ in range(5):
            assert (await other_user.http.get("/playground/sessions", params={"q": "quick"})).status_code == 200
            assert (await other_user.session(session_id))["title"] == "Quick"
        under_way = 36 - len(answers)

    assert under_way > 0
    assert {response.status_code for response in answers} == {503}
    assert {response.json()["type"] for response in answers} == {"urn:playground:problem:too_slow"}


async def test_reads_beyond_what_may_wait_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_WAITING", 2)
    queue = shares.Shares(total=4, of_one=1)
    release = anyio.Event()
    done: list[str] = []

    async def read(owner: str) -> None:
        async with queue.turn(owner):
            await release.wait()
            done.append(owner)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(read, "one")
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(shares.TooSlow, match="Wait until they have finished"):
            await read("one")
        tasks.start_soon(read, "another")
        release.set()

    assert sorted(done) == ["another", "one", "one", "one"]


async def test_users_take_turns_when_all_connections_are_in_use() -> None:
    queue = shares.Shares(total=1, of_one=1)
    release = anyio.Event()
    order: list[str] = []

    async def read(owner: str) -> None:
        async with queue.turn(owner):
            order.append(owner)
            await release.wait()

    async with anyio.create_task_group() as tasks:
        for owner in ("many", "many", "many", "many", "few", "few"):
            tasks.start_soon(read, owner)
            await anyio.wait_all_tasks_blocked()
        release.set()

    assert order == ["many", "many", "few", "many", "few", "many"]


async def test_a_read_that_waits_too_long_is_refused_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "LONGEST_WAIT", 0.01)
    queue = shares.Shares(total=1, of_one=1)

    async with queue.turn("one"):
        with pytest.raises(shares.TooSlow):
            async with queue.turn("one"):
                pass
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with queue.turn("another"):
                pass

    async with queue.turn("another"):
        pass
