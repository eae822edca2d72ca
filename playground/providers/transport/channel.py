"""Sends requests to one provider with one key."""

from typing import Self, cast

import aiohttp
import httpx2
import msgspec

from playground.providers.records import Provider

from .arrivals import Body
from .httpx2_internals import inner_stream
from .openai_internals import AiohttpResponseStream, aiohttp_response, map_aiohttp_exceptions
from .pool import Pool, open_client, stop_at_refusal

_ACCEPT = "text/event-stream, application/json"
_AIOHTTPS_OWN = frozenset({"content-length", "host"})
"""Headers that aiohttp creates from the body and the URL."""


class Reply(msgspec.Struct, frozen=True):
    """The body of a response and its connection, which the caller has to close."""

    body: Body
    connection: httpx2.AsyncByteStream


class Channel:
    """The SDK's client for a provider, and the request that it builds for answers.

    All requests for answers are the same except for their bodies. Building one and sending it through all layers takes the SDK and httpx2 a
    millisecond, which delays the first token. So they build and send only the first one; later requests are copies with another body, over
    the same connections.
    """

    def __init__(self, provider: Provider, pool: Pool) -> None:
        """Raises `WrongKey` for a key that can't be in a header."""
        self.client, self.headers = open_client(provider, pool)
        self._pool = pool
        self._own_headers = provider.quirks.headers
        self._built: _Built | None = None

    async def ask(self, body: bytes) -> Reply:
        """Send `body` (JSON), and wait for the response headers.

        Raises `RefusedError`, an `OpenAIError`, or one of `LOST_CONNECTION`.
        """
        if self._built is not None:
            return await self._built.send(body)
        response = await self._ask_by_sdk(body)
        if self._pool.session is not None:
            self._built = _Built.of(response.request, self._pool.session)
        return _reply(response)

    async def _ask_by_sdk(self, body: bytes) -> httpx2.Response:
        # The same as `chat.completions.create`, without its processing of a body that is already JSON.
        return await self.client.post(
            f"{self.client.base_url}chat/completions",  # In one piece, so that it is not split and joined again.
            cast_to=httpx2.Response,
            content=body,
            options={"headers": {**self.headers, "Accept": _ACCEPT, **self._own_headers}},
            stream=True,
        )


class _Built(msgspec.Struct, frozen=True):
    """A request of the SDK without its body, in the form in which httpx2's transport passes it to aiohttp."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]
    timeout: aiohttp.ClientTimeout

    @classmethod
    def of(cls, request: httpx2.Request, session: aiohttp.ClientSession) -> Self:
        headers = {name: value for name, value in request.headers.items() if name not in _AIOHTTPS_OWN}
        limits = request.extensions["timeout"]
        return cls(session, str(request.url), headers, aiohttp.ClientTimeout(connect=limits["pool"], sock_connect=limits["connect"]))

    async def send(self, body: bytes) -> Reply:
        with map_aiohttp_exceptions():
            answer = await self.session.post(
                self.url, data=body, headers=self.headers, timeout=self.timeout, allow_redirects=False, auto_decompress=False
            )
        connection = AiohttpResponseStream(answer)
        if answer.status == 200 and "Content-Encoding" not in answer.headers:
            return Reply(answer.content, connection)
        response = httpx2.Response(answer.status, headers=answer.raw_headers, stream=connection)
        await stop_at_refusal(response)
        return _reply(response)


def _reply(response: httpx2.Response) -> Reply:
    """Drop the objects of the SDK and httpx2 for the request, which would use 6 KB as long as the answer is streaming."""
    return Reply(_body_of(response), cast("httpx2.AsyncByteStream", response.stream))


def _body_of(response: httpx2.Response) -> Body:
    """Return the body as it arrives. It is decoded only if the server compresses although it was asked not to."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return response.aiter_bytes()
    # Bypass the generators of httpx2 and its transport, which cost 3 µs per read, if the transport is the known one.
    answer = aiohttp_response(inner_stream(response))
    if answer is not None:
        return answer.content
    # The source of `aiter_raw`, without its cost per read.
    return aiter(cast("httpx2.AsyncByteStream", response.stream))
