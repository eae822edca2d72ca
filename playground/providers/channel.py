"""The way to one provider with one key."""

import httpx2

from .connection import open_client
from .records import Provider

_ACCEPT = "text/event-stream, application/json"


class Channel:
    """The SDK's client for a provider, and the request that it builds for answers.

    All requests for answers are alike but for their bodies, and to build one takes the SDK half a millisecond, which a first token would
    wait for. So it builds the first; those that follow are that one with a body of their own, over the same connections.
    """

    def __init__(self, provider: Provider, pool: httpx2.AsyncClient) -> None:
        """Raises `WrongKey` for a key that can't be in a header."""
        self.client, self.headers = open_client(provider, pool)
        self._pool = pool
        self._own_headers = provider.quirks.headers
        self._built: httpx2.Request | None = None

    async def ask(self, body: bytes) -> httpx2.Response:
        """The head of an answer to `body` (JSON).

        Raises `RefusedError`, an `OpenAIError`, or one of `LOST_CONNECTION`.
        """
        if self._built is None:
            response = await self._ask_by_sdk(body)
            self._built = _without_body(response.request)
            return response
        built = self._built
        request = httpx2.Request("POST", built.url, headers=built.headers, content=body, extensions=built.extensions)
        return await self._pool.send(request, stream=True)

    async def _ask_by_sdk(self, body: bytes) -> httpx2.Response:
        # What `chat.completions.create` comes to, without its look through a body that is JSON already.
        return await self.client.post(
            f"{self.client.base_url}chat/completions",  # Whole, so that it is not taken apart and put together again.
            cast_to=httpx2.Response,
            content=body,
            options={"headers": {**self.headers, "Accept": _ACCEPT, **self._own_headers}},
            stream=True,
        )


def _without_body(request: httpx2.Request) -> httpx2.Request:
    headers = request.headers.copy()
    headers.pop("Content-Length", None)
    return httpx2.Request("GET", request.url, headers=headers, extensions=request.extensions)
