"""Two models that number their answers, and a session of both."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from ...support.client import Event, User, parse_events
from ...support.scripted import Exchange, ScriptedProvider

Sent = list[tuple[str, str]]


class Chat:
    """A session of a user, whose models answer "1", "2" and so on."""

    def __init__(self, user: User, scripted: ScriptedProvider) -> None:
        self.user = user
        self._scripted = scripted
        self._numbers = itertools.count(1)
        self.first, self.second = scripted.model(self._answer), scripted.model(self._answer)
        self.id = ""

    async def _answer(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(str(next(self._numbers)))
        await exchange.end(3, 4)

    async def call(self, method: str, path: str = "", expected: int = 200, **request: Any) -> Any:
        """The body of the answer to a request about the session."""
        response = await self.user.http.request(method, f"/playground/sessions/{self.id}{path}".rstrip("/"), **request)
        assert response.status_code == expected, response.text
        return response.json() if response.content else None

    async def begin(self, prompt: str = "p1", models: list[str] | None = None, **body: Any) -> list[Event]:
        """The first turn."""
        events = await self.user.compare(prompt, models or [self.first, self.second], **body)
        self.id = events[0].data["sessionId"]
        return events

    async def ask(self, prompt: str, **body: Any) -> list[Event]:
        """The next turn."""
        return await self._run("/playground/stream", {"prompt": prompt, "sessionId": self.id, **body})

    async def regenerate(self, lane: int, **body: Any) -> list[Event]:
        """Another version."""
        return await self._run(f"/playground/sessions/{self.id}/lanes/{lane}/regenerate", body)

    async def _run(self, path: str, body: dict[str, Any]) -> list[Event]:
        response = await self.user.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return parse_events(response.text)

    async def read(self) -> dict[str, Any]:
        """The session."""
        return await self.user.session(self.id)

    async def answers(self, *, current: bool = True) -> list[list[tuple[int, str]]]:
        """The lane and text of the answers of each turn."""
        turns = (await self.read())["turns"]
        return [[(answer["lane"], answer["text"]) for answer in turn["answers"] if answer["current"] or not current] for turn in turns]

    async def answer_id(self, text: str) -> str:
        """The id of the answer with this text."""
        turns = (await self.read())["turns"]
        return next(answer["id"] for turn in turns for answer in turn["answers"] if answer["text"] == text)

    def sent(self, model: str) -> Sent:
        """The messages of the last request to a model."""
        return [(message["role"], message["content"]) for message in self._scripted.asked(model)[-1]["messages"]]


@pytest.fixture
def chat(user: User, scripted: ScriptedProvider) -> Chat:
    return Chat(user, scripted)


@pytest.fixture
def said() -> Callable[..., Sent]:
    """Messages in turn: of the user, of the model, of the user."""
    return lambda *texts: [("assistant" if place % 2 else "user", text) for place, text in enumerate(texts)]
