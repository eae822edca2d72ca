"""The client for programs with asyncio. The same as in `synchronous`, awaited."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import httpx
from httpx_sse import EventSource

from playground.comparison.stream.events import DoneEvent

from . import requests
from .errors import ApiError, ConnectionLost
from .reading import Answer, Event, Reading


class AsyncRun:
    """A comparison that is being read: iterate over it once. Leaving the loop early leaves the run running."""

    def __init__(self, http: httpx.AsyncClient, start: httpx.Request) -> None:
        self._http = http
        self._start = start
        self._reading = Reading()

    @property
    def session_id(self) -> str | None:
        """The session, which further prompts continue; known from the first event on."""
        return self._reading.session_id

    @property
    def answers(self) -> list[Answer]:
        """The answers as far as they were read."""
        return self._reading.answers

    @property
    def totals(self) -> DoneEvent | None:
        """Tokens and cost of all lanes, at the end."""
        return self._reading.totals

    async def finish(self) -> list[Answer]:
        """Read to the end, and return the answers."""
        async for _ in self:
            pass
        return self.answers

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield the events to the last one. Raises `ApiError`, `ConnectionLost`."""
        failures = 0
        while not self._reading.over:
            try:
                async with aclosing(self._events()) as events:
                    async for event in events:
                        failures = 0
                        yield event
                if not self._reading.over:
                    raise httpx.RemoteProtocolError("the stream ended early")
            except httpx.TransportError as error:
                failures += 1
                never_there = isinstance(error, httpx.ConnectError) and self._reading.last_event_id is None
                if never_there or failures > requests.RESUMPTIONS:
                    raise ConnectionLost(f"The service can't be reached: {error}") from error
                await asyncio.sleep(requests.RESUME_SECONDS * (failures - 1))

    async def _events(self) -> AsyncGenerator[Event, None]:
        response = await self._http.send(self._request(), stream=True)
        try:
            if not response.is_success:
                await response.aread()
                raise ApiError.of(response)
            if response.status_code == httpx.codes.NO_CONTENT:
                raise ConnectionLost(f"The run ended too long ago to be resumed. The session {self.session_id} has its answers.")
            async for message in EventSource(response).aiter_sse():
                event = self._reading.take(message)
                if event is not None:
                    yield event
        finally:
            await response.aclose()

    def _request(self) -> httpx.Request:
        if self._reading.last_event_id is None:
            return self._start
        headers = {"Accept": "text/event-stream", "Last-Event-ID": self._reading.last_event_id}
        return self._http.build_request("GET", f"/playground/sessions/{self.session_id}/stream", headers=headers)


class AsyncPlayground:
    """A Playground at `url`, with an API `key` or an access `token`. Use it as a context manager, or call `close`."""

    def __init__(self, url: str, *, key: str | None = None, token: str | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=requests.authorization(key, token), timeout=requests.timeouts())

    async def __aenter__(self) -> Self:
        """Nothing more than what was made."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def compare(self, prompt: str, models: Sequence[str] | None = None, *, session_id: str | None = None, **parameters: Any) -> AsyncRun:  # noqa: ANN401
        """Send a prompt to `models`, or to the lanes of `session_id`. The request is sent when the run is iterated over.

        `parameters` are those of the API, such as `temperature=0.2, max_tokens=500`.
        """
        body = requests.comparison(prompt, models, session_id, parameters)
        return AsyncRun(self._http, self._http.build_request("POST", "/playground/stream", json=body, headers=requests.start_headers()))

    async def models(self, **filters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return `GET /models`."""
        return await self._get("/models", filters)

    async def sessions(self, **filters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return a page of sessions, newest first; `cursor` is the `nextCursor` of the page before."""
        return await self._get("/playground/sessions", filters)

    async def session(self, session_id: str) -> dict[str, Any]:
        """Return a session with all of its turns and answers."""
        return await self._get(f"/playground/sessions/{session_id}", {})

    async def stop(self, session_id: str, lane: int | None = None) -> list[int]:
        """Stop a running turn, or one lane of it. Return the lanes that are being stopped."""
        answer = await self._json("POST", f"/playground/sessions/{session_id}/stop", {} if lane is None else {"lane": lane})
        stopped: list[int] = answer["stopped"]
        return stopped

    async def costs(self, **filters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the report on costs, for example of `from_=date(2026, 1, 1), group_by="model"`."""
        return await self._get("/reports/costs", filters)

    async def _get(self, path: str, filters: dict[str, Any]) -> dict[str, Any]:
        return await self._sent(self._http.build_request("GET", path, params=requests.query(filters)))

    async def _json(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._sent(self._http.build_request(method, path, json=body))

    async def _sent(self, request: httpx.Request) -> dict[str, Any]:
        try:
            response = await self._http.send(request)
        except httpx.TransportError as error:
            raise ConnectionLost(f"{request.url.host} can't be reached: {error}") from error
        if not response.is_success:
            raise ApiError.of(response)
        content: dict[str, Any] = response.json()
        return content
