"""`EventSource`, as npm has it and as Chromium has it: it loses its connection, comes back by itself, and stops at the end."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from playground.database.engine.node import node
from playground.serving.server import RunningService

from ..support.client import Event, User, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .chromium import CHROMIUM, chromium_page
from .proxy import Proxy, proxy_to

_DRAWN = """
    new Promise((resolve) => {
      const look = () => (document.querySelector('.opblock') ? resolve() : requestAnimationFrame(look))
      look()
    })
"""
_READ = """
    const source = new EventSource(ADDRESS)
    const seen = [], lost = []
    const middle = new Promise((resolve) => {
      source.onmessage = ({ lastEventId, data }) => {
        seen.push({ id: lastEventId, data: JSON.parse(data) })
        if (data.includes('two')) resolve()
      }
    })
    const end = new Promise((resolve) => {
      source.onerror = () => {
        lost.push(source.readyState)
        if (source.readyState === EventSource.CLOSED) resolve()
      }
    })
"""
_READER = Path(__file__).with_name("read_events.mjs")


@pytest.fixture
async def proxy(service: RunningService) -> AsyncIterator[Proxy]:
    async with proxy_to(service.url) as proxy:
        yield proxy


class Answer:
    """A model that waits in the middle of its answer."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.model = scripted.model(self._write)
        self.gate = Gate()

    async def _write(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one ", "two \u2028")
        await self.gate.wait()
        await exchange.write("three ", "four\r\n")
        await exchange.end(3, 4)


@pytest.fixture
def answer(scripted: ScriptedProvider) -> Answer:
    return Answer(scripted)


def stream_address(user: User, *models: str) -> str:
    return "/playground/stream?" + urlencode({"prompt": "Count", "models": ",".join(models), "token": user.token})


def event(message: dict[str, Any]) -> Event:
    run_id, _, number = message["id"].rpartition(":")
    return Event(run_id, int(number), message["data"])


def assert_all_seen_once(events: list[Event], scripted: ScriptedProvider, answer: Answer) -> None:
    assert [each.number for each in events] == list(range(1, len(events) + 1))
    assert len({each.run_id for each in events}) == 1
    assert text_of(events, 0) == "one two \u2028three four\r\n"
    assert events[-1].data["type"] == "done"
    assert len(scripted.asked(answer.model)) == 1


async def lines_of(process: anyio.abc.Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    unfinished = ""
    async for text in TextReceiveStream(process.stdout):
        *lines, unfinished = (unfinished + text).split("\n")
        for line in lines:
            yield json.loads(line)


async def test_npms_event_source_resumes_sees_every_event_once_and_stops_at_the_end(
    proxy: Proxy, user: User, scripted: ScriptedProvider, answer: Answer
) -> None:
    events: list[Event] = []
    said: list[dict[str, Any]] = []
    address = proxy.url + stream_address(user, answer.model, "sim/quick")
    async with await anyio.open_process([node(), _READER, address], stderr=None) as reader:
        async for line in lines_of(reader):
            if "data" in line:
                events.append(event(line))
                if line["data"].get("content", "").startswith("two"):
                    proxy.cut()
                    answer.gate.open()
            else:
                said.append(line)
    # It lost the connection twice: when it was cut, and after the last event. 204 stopped it.
    assert said == [{"lost": True}, {"lost": True}, {"closed": 204}]
    assert_all_seen_once(events, scripted, answer)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
async def test_chromiums_event_source_resumes_sees_every_event_once_and_stops_at_the_end(
    proxy: Proxy, user: User, scripted: ScriptedProvider, answer: Answer, tmp_path: Path
) -> None:
    async with chromium_page(tmp_path / "profile") as page:
        await page.open(f"{proxy.url}/docs")
        await page.evaluate(_READ.replace("ADDRESS", json.dumps(stream_address(user, answer.model, "sim/quick"))))
        await page.evaluate("middle")
        proxy.cut()
        answer.gate.open()
        await page.evaluate("end")
        messages, lost = await page.evaluate("seen"), await page.evaluate("lost")
    connecting, closed = 0, 2
    assert lost == [connecting, connecting, closed]
    assert_all_seen_once([event(message) for message in messages], scripted, answer)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
async def test_the_documentation_is_rendered_with_files_of_this_server_only(service: RunningService, tmp_path: Path) -> None:
    async with chromium_page(tmp_path / "profile") as page:
        await page.open(f"{service.url}/docs")
        await page.evaluate(_DRAWN)
        loaded = await page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    assert set(loaded) == {service.url}
