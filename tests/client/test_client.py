"""`playground.client`, against a service that runs."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from anyio.to_thread import run_sync

from playground.client import ApiError, AsyncPlayground, ChunkEvent, ConnectionLost, DoneEvent, Playground, Run, SessionEvent
from playground.files import CHECKOUT
from playground.serving.server import RunningService

from ..support.client import User
from ..support.scripted import Exchange, ScriptedProvider

MODELS = ["sim/quick", "sim/careful"]


@pytest.fixture
async def key(user: User) -> str:
    body = {"name": "Client", "scopes": ["stream", "sessions:read", "sessions:write", "models:read", "reports:read"]}
    response = await user.http.post("/users/me/api-keys", json=body)
    return str(response.raise_for_status().json()["key"])


async def many_pieces(exchange: Exchange) -> None:
    await exchange.begin()
    for number in range(40):
        await exchange.write(f"piece {number} of what is said; ")
    await exchange.end(5, 40)


ALL_PIECES = "".join(f"piece {number} of what is said; " for number in range(40))


class CuttingProxy:
    """Passes bytes on to the service, and cuts each of the first connections after so many bytes of the response."""

    def __init__(self, target: str, cuts: list[int]) -> None:
        self._target = ("127.0.0.1", int(target.rpartition(":")[2]))
        self._cuts = cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                allowed = self._cuts.pop(0) if self._cuts else None
                threading.Thread(target=self._pass, args=(client, allowed), daemon=True).start()

    def _pass(self, client: socket.socket, allowed: int | None) -> None:
        with client, socket.create_connection(self._target) as service:
            threading.Thread(target=_pump, args=(client, service), daemon=True).start()
            _pump(service, client, allowed)
            for each in (client, service):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket, allowed: int | None = None) -> None:
    passed = 0
    with suppress(OSError):
        while data := source.recv(256):
            target.sendall(data)
            passed += len(data)
            if allowed is not None and passed >= allowed:
                return


@contextmanager
def cutting(service: RunningService, *cuts: int) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(service.url, list(cuts))
    try:
        yield proxy
    finally:
        proxy.close()


def read(run: Run) -> list[object]:
    return list(run)


async def test_a_comparison_is_typed_events_and_answers(service: RunningService, key: str) -> None:
    with Playground(service.url, key=key) as playground:
        run = playground.compare("Explain recursion", MODELS, max_tokens=200)
        events = await run_sync(read, run)
        assert isinstance(events[0], SessionEvent)
        assert isinstance(events[-1], DoneEvent)
        assert [answer.model for answer in run.answers] == MODELS
        for answer in run.answers:
            assert answer.status == "completed"
            assert answer.text == "".join(e.content for e in events if isinstance(e, ChunkEvent) and e.lane == answer.lane and not e.kind)
            assert answer.metrics is not None
            assert answer.metrics.simulated
        stored = await run_sync(playground.session, run.session_id)
    assert [answer["text"] for answer in stored["turns"][0]["answers"]] == [answer.text for answer in run.answers]


async def test_the_asynchronous_client_does_the_same(service: RunningService, key: str) -> None:
    async with AsyncPlayground(service.url, key=key) as playground:
        run = playground.compare("Explain recursion", ["sim/quick"])
        events = [event async for event in run]
        assert isinstance(events[-1], DoneEvent)
        assert run.totals == events[-1]
        again = await playground.compare("And shorter?", session_id=run.session_id).finish()
        stored = await playground.session(str(run.session_id))
        found = await playground.sessions(limit=1)
        costs = await playground.costs(group_by="model")
    assert [turn["answers"][0]["text"] for turn in stored["turns"]] == [run.answers[0].text, again[0].text]
    assert found["items"][0]["id"] == run.session_id
    assert costs.keys() >= {"rows", "total"}


async def test_a_lost_connection_is_resumed_without_a_gap_or_a_repeat(
    service: RunningService, scripted: ScriptedProvider, key: str
) -> None:
    with cutting(service, 1_500, 900) as proxy:
        with Playground(proxy.url, key=key) as playground:
            run = playground.compare("Say much", [scripted.model(many_pieces)])
            await run_sync(run.finish)
        assert proxy.connections == 3
        async with AsyncPlayground(proxy.url, key=key) as asynchronous:
            other = await asynchronous.compare("Say much again", [scripted.model(many_pieces)]).finish()
    assert run.answers[0].text == ALL_PIECES
    assert other[0].text == ALL_PIECES


async def test_a_start_whose_response_is_lost_is_paid_for_once(service: RunningService, scripted: ScriptedProvider, key: str) -> None:
    with cutting(service, 1) as proxy, Playground(proxy.url, key=key) as playground:
        answers = await run_sync(playground.compare("Say much", [scripted.model(many_pieces)]).finish)
        sessions = await run_sync(playground.sessions)
    assert answers[0].text == ALL_PIECES
    assert len(sessions["items"]) == 1


async def test_what_the_service_refuses_says_why(service: RunningService, key: str) -> None:
    with Playground(service.url, key=key) as playground:
        with pytest.raises(ApiError, match="temperature") as refused:
            await run_sync(playground.compare("Hello", ["sim/quick"], temperature=9).finish)
        assert (refused.value.status, refused.value.code) == (422, "bad_input")
        with pytest.raises(ApiError) as missing:
            await run_sync(playground.session, "01m0000000000000000000000a")
        assert missing.value.status == 404


async def test_a_service_that_is_not_there_is_reported_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Playground(f"http://127.0.0.1:{port}", key="pg_none") as playground:
        with pytest.raises(ConnectionLost):
            await run_sync(playground.sessions)
        with pytest.raises(ConnectionLost):
            await run_sync(playground.compare("Hello", ["sim/quick"]).finish)


async def test_the_example_of_the_readme_runs(service: RunningService, key: str) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(example.strip().splitlines()) <= 10
    code = example.replace("http://127.0.0.1:4000", service.url).replace("pg_...", key)
    done = await run_sync(lambda: subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False))
    assert done.returncode == 0, done.stderr
    assert all(model in done.stdout for model in MODELS)
    with Playground(service.url, key=key) as playground:
        listed = (await run_sync(playground.sessions))["items"]
    assert len(listed) == 1
