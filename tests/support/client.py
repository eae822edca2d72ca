"""A logged-in user of a service, over HTTP."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

_numbers = itertools.count()
PASSWORD = "correct horse battery staple"


@dataclass
class Event:
    """One message of a stream."""

    run_id: str
    number: int
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.run_id}:{self.number}"


def parse_events(text: str) -> list[Event]:
    """By the SSE rules that matter here: LF lines, comments, `retry`."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            run_id, _, number = fields["id"].rpartition(":")
            events.append(Event(run_id, int(number), json.loads(fields["data"])))
    return events


class User:
    """Somebody with an account."""

    def __init__(self, http: httpx.AsyncClient, account: dict[str, Any]) -> None:
        self.http = http
        self.token = account["accessToken"]
        self.refresh_token = account["refreshToken"]
        self.account = account["user"]
        http.headers["Authorization"] = f"Bearer {self.token}"

    async def compare(self, prompt: str, models: list[str], **body: Any) -> list[Event]:
        """A whole run, to its end."""
        # Not `json=`: httpx can't send a lone surrogate, which JSON can escape.
        content = json.dumps({"prompt": prompt, "models": models, **body})
        response = await self.http.post("/playground/stream", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 200, response.text
        return parse_events(response.text)

    @asynccontextmanager
    async def stream(self, method: str = "POST", path: str = "/playground/stream", **request: Any) -> AsyncIterator[AsyncIterator[Event]]:
        """A run's events as they come; leaving closes the connection."""
        async with self.http.stream(method, path, **request) as response:
            if response.status_code != 200:
                await response.aread()
                raise AssertionError(response.text)
            yield _events(response)

    async def session(self, session_id: str) -> dict[str, Any]:
        response = await self.http.get(f"/playground/sessions/{session_id}")
        assert response.status_code == 200, response.text
        return response.json()


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    buffer = ""
    async for text in response.aiter_text():
        buffer += text
        while "\n\n" in buffer:
            block, buffer = buffer.split("\n\n", 1)
            for event in parse_events(block):
                yield event


async def next_event(events: AsyncIterator[Event], type_: str, **fields: Any) -> Event:
    """The next event of that type with these fields."""
    async for event in events:
        if event.data["type"] == type_ and all(event.data.get(name) == value for name, value in fields.items()):
            return event
    raise AssertionError(f"the stream ended without {type_} {fields}")


@asynccontextmanager
async def new_user(url: str) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        email = f"user{next(_numbers)}@example.org"
        response = await http.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "User"})
        assert response.status_code == 201, response.text
        yield User(http, response.json())


def text_of(events: list[Event], lane: int, kind: str | None = None) -> str:
    """What a lane wrote."""
    return "".join(e.data["content"] for e in events if e.data["type"] == "chunk" and e.data["lane"] == lane and e.data.get("kind") == kind)


def of_type(events: list[Event], type_: str, lane: int | None = None) -> list[dict[str, Any]]:
    return [e.data for e in events if e.data["type"] == type_ and lane in (None, e.data.get("lane"))]
