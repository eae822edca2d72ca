"""Other readers of event streams: each sees what the others see, and as it comes."""

import json
import shutil
from collections.abc import AsyncIterator

import anyio
import httpx
import pytest
from anyio.streams.text import TextReceiveStream
from httpx_sse import aconnect_sse

from ..support.client import Event, User, parse_events
from ..support.scripted import Exchange, Gate, ScriptedProvider

TEXTS = ("Line\n", "lone \r", "\u2028 \u2029 \u0085", "🧑‍🚀\ufeff", "data: x\n\n")


class Answer:
    """A model that waits before its last word."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.model = scripted.model(self._write)
        self.gate = Gate()

    async def _write(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*TEXTS)
        await self.gate.wait()
        await exchange.write("end")
        await exchange.end(3, 4)


@pytest.fixture
def answer(scripted: ScriptedProvider) -> Answer:
    return Answer(scripted)


async def seen_by_httpx_sse(user: User, answer: Answer) -> list[Event]:
    seen = []
    body = {"prompt": "Hi", "models": [answer.model]}
    async with aconnect_sse(user.http, "POST", "/playground/stream", json=body) as source:
        async for message in source.aiter_sse():
            run_id, _, number = message.id.rpartition(":")
            seen.append(Event(run_id, int(number), json.loads(message.data)))
            open_when_waited_for(seen[-1], answer)
    return seen


async def seen_by_curl(user: User, answer: Answer) -> list[Event]:
    command = [
        "curl",
        "-sN",
        "-H",
        f"Authorization: Bearer {user.token}",
        "-H",
        "Accept: text/event-stream",  # `--json` alone asks for one JSON object.
        "--json",
        "@-",
        str(user.http.base_url.join("/playground/stream")),
    ]
    seen: list[Event] = []
    async with await anyio.open_process(command, stderr=None) as curl:
        assert curl.stdin is not None
        await curl.stdin.send(json.dumps({"prompt": "Hi", "models": [answer.model]}).encode())
        await curl.stdin.aclose()
        async for block in blocks(curl):
            for each in parse_events(block):
                seen.append(each)
                open_when_waited_for(each, answer)
    return seen


async def blocks(process: anyio.abc.Process) -> AsyncIterator[str]:
    assert process.stdout is not None
    unfinished = ""
    async for text in TextReceiveStream(process.stdout):
        *whole, unfinished = (unfinished + text).split("\n\n")
        for block in whole:
            yield block


def open_when_waited_for(event: Event, answer: Answer) -> None:
    if event.data.get("content") == TEXTS[-1]:
        answer.gate.open()


async def assert_same_as_kept(user: User, seen: list[Event]) -> None:
    again = await user.http.get(f"/playground/sessions/{seen[0].data['sessionId']}/stream")
    assert parse_events(again.text) == seen
    assert [each.data["content"] for each in seen if each.data["type"] == "chunk"] == [*TEXTS, "end"]


async def test_httpx_sse_reads_a_run_as_it_arrives(user: User, answer: Answer) -> None:
    await assert_same_as_kept(user, await seen_by_httpx_sse(user, answer))


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on PATH")
async def test_curl_reads_a_run_as_it_arrives(user: User, answer: Answer) -> None:
    await assert_same_as_kept(user, await seen_by_curl(user, answer))


async def test_a_reader_that_sends_no_headers_at_all_is_served(user: User, answer: Answer) -> None:
    answer.gate.open()
    query = {"prompt": "Hi", "models": answer.model, "token": user.token}
    async with httpx.AsyncClient(base_url=user.http.base_url) as anonymous:
        response = await anonymous.get("/playground/stream", params=query)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert parse_events(response.text)[-1].data["type"] == "done"
