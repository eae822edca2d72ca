"""A client of the service that logs in, renews the login, and waits when the service asks for it."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import httpx
from httpx_sse import EventSource, SSEError

from .kept_login import KeptLogin, Tokens
from .problems import BadWire, ConnectionLost, Problem, Silent, Unreachable

MAX_WAIT_SECONDS = 600.0
"""How long one request waits in total if the service responds with 429 or 503 and `Retry-After`."""
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access token or an account; all empty: none. Never shown, not even in a traceback."""

    token: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EventStream:
    """A streamed response: its events, and when its request was sent (`time.perf_counter`, seconds)."""

    sent_at: float
    events: AsyncIterator[dict[str, Any]]


class Service:
    """The public HTTP API at one address. Every method raises a `ServiceError` without a useful response."""

    def __init__(self, http: httpx.AsyncClient, credentials: Credentials, notify: Callable[[str], None]) -> None:
        self._http = http
        self._credentials = credentials
        self._notify = notify
        self._access = credentials.token
        self._kept = KeptLogin(str(http.base_url), credentials.email, notify) if credentials.email else None
        self._renewing = anyio.Lock()

    async def get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        """Return the JSON object at `path`."""
        response, _ = await self._authorised("GET", path, params=params)
        return _json_object(response)

    async def post(self, path: str, body: dict[str, Any]) -> None:
        """Send a request whose response doesn't matter."""
        await self._authorised("POST", path, body=body)

    @asynccontextmanager
    async def stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[EventStream]:
        """Post `body` and follow the events. Leaving the block early closes the connection."""
        response, sent_at = await self._authorised("POST", path, body=body, stream=True)
        try:
            async with aclosing(_events(response)) as events:
                yield EventStream(sent_at, events)
        finally:
            await response.aclose()

    async def _authorised(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, params: dict[str, str] | None = None, stream: bool = False
    ) -> tuple[httpx.Response, float]:
        if self._access is None and self._kept is not None:
            await self._renew(self._kept, None)
        used = self._access
        try:
            return await self._send(method, path, body=body, params=params, stream=stream, token=used)
        except Problem as problem:
            if problem.status != 401 or self._kept is None:
                raise
        await self._renew(self._kept, used)
        return await self._send(method, path, body=body, params=params, stream=stream, token=self._access)

    async def _renew(self, kept: KeptLogin, used: str | None) -> None:
        """Get another access token than `used`. If many requests find it expired at once, the first renews it for all.

        A saved login of an earlier run is used, and renewed if it has expired. Only without one does the account log in.
        """
        async with self._renewing:
            if self._access != used:
                return
            async with kept.locked():
                tokens = kept.load()
                if tokens is None or tokens.access == used:
                    tokens = await self._refreshed(tokens) or await self._log_in()
                    kept.save(tokens)
            self._access = tokens.access

    async def _refreshed(self, tokens: Tokens | None) -> Tokens | None:
        if tokens is None or tokens.refresh is None:
            return None
        try:
            return await self._tokens("/auth/refresh", {"refreshToken": tokens.refresh})
        except Problem as problem:
            if problem.status not in (400, 401, 422):
                raise
            return None  # The login has ended meanwhile.

    async def _log_in(self) -> Tokens:
        return await self._tokens("/auth/login", {"email": self._credentials.email, "password": self._credentials.password})

    async def _tokens(self, path: str, body: dict[str, Any]) -> Tokens:
        response, _ = await self._send("POST", path, body=body)
        tokens = _json_object(response)
        access, refresh = tokens.get("accessToken"), tokens.get("refreshToken")
        if not isinstance(access, str):
            raise BadWire("The service's response to the login contains no access token.")
        return Tokens(access, refresh if isinstance(refresh, str) else None)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
        stream: bool = False,
        token: str | None = None,
    ) -> tuple[httpx.Response, float]:
        headers = {"Accept": "text/event-stream" if stream else "application/json"}
        content = None if body is None else _json(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        waited = 0.0
        while True:
            request = self._http.build_request(method, path, content=content, params=params, headers=headers)
            sent_at = time.perf_counter()
            try:
                response = await self._http.send(request, stream=stream)
                if response.is_success:
                    return response, sent_at
                await response.aread()
            except httpx.ConnectError as error:
                raise Unreachable(f"Can't connect to {_place(request.url)}. Is the service running, and is --url correct?") from error
            except httpx.TimeoutException as error:
                raise Silent(f"{_place(request.url)} didn't respond in time.") from error
            except httpx.TransportError as error:
                raise ConnectionLost(f"The connection to {_place(request.url)} was lost.") from error
            wait = _wait_asked_for(response)
            if wait is None or waited + wait > MAX_WAIT_SECONDS:
                raise Problem.of(response, wait_seconds=wait)
            self._notify(f"Waiting {wait:g} s, as requested by the service ({response.status_code}).")
            await anyio.sleep(wait)
            waited += wait


@asynccontextmanager
async def connect(
    url: str, credentials: Credentials, *, notify: Callable[[str], None], silence_seconds: float = 60.0
) -> AsyncIterator[Service]:
    """Connect to the service at `url`. `notify` gets a sentence for each wait. A connection that is silent for `silence_seconds` fails."""
    # Requests must start on time: one that waited for a free connection would look like a slow model.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    timeout = httpx.Timeout(silence_seconds, connect=_CONNECT_SECONDS)
    async with httpx.AsyncClient(base_url=url, timeout=timeout, limits=limits) as http:
        yield Service(http, credentials, notify)


async def _events(response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
    place = _place(response.request.url)
    try:
        async for message in EventSource(response).aiter_sse():
            # A keep-alive is a message without data.
            if message.data:
                yield _event(message.data)
    except SSEError as error:
        raise BadWire(f"{place} didn't respond with an event stream.") from error
    except httpx.TimeoutException as error:
        raise Silent(f"{place} sent nothing for too long.") from error
    except httpx.TransportError as error:
        raise ConnectionLost(f"The connection to {place} was lost during a stream.") from error


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError as error:
        raise BadWire("An event of the stream is not valid JSON.") from error
    if not isinstance(event, dict):
        raise BadWire("An event of the stream is not a JSON object.")
    return event


def _json(body: dict[str, Any]) -> bytes:
    """Encode as UTF-8, which can't represent a lone surrogate: it becomes U+FFFD, as the service would read it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadWire(f"{_place(response.request.url)} didn't respond with JSON. Is --url correct?")
    return body


def _wait_asked_for(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, section 10.2.3: seconds or a date), at least one; `None`: don't retry."""
    value = response.headers.get("Retry-After")
    if response.status_code not in (429, 503) or value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return None
    return max(1.0, seconds)


def _place(url: httpx.URL) -> str:
    """Return only host and port: an address may contain a password."""
    return url.netloc.decode("ascii")
