"""The client for all providers: the `openai` SDK with their OpenAI-compatible endpoints, over aiohttp, read as raw bytes.

The SDK builds the requests (`channel.py`). Answers go to `AnswerReader` as bytes, since the SDK's typed stream costs 40 times as much. All
providers share one connection pool without a limit; base URLs from users have a separate one, which connects only to public addresses.
Nothing is sent twice: retries are up to the lane, which reports them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import anyio
import httpx2
from cachetools import LRUCache
from openai import Omit, OpenAIError
from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.kit.http_environment import environment_faults
from playground.providers.answer.reader import AnswerReader
from playground.providers.answer.stream import AnswerStream
from playground.providers.answer.timeouts import Patience, Watch
from playground.providers.errors.classification import refusal
from playground.providers.errors.connection_failures import not_connected
from playground.providers.errors.kinds import TimedOut, UnexpectedAnswer
from playground.providers.transport.channel import Channel, Reply
from playground.providers.transport.pool import LOST_CONNECTION, UNSENDABLE, Pool, RefusedError, open_guarded_pool, open_pool
from playground.providers.transport.public_addresses import PublicAddresses

from .calls import ModelCall
from .model_lists import chat_models, next_page
from .records import ListedModel, Provider
from .request import request_json

__all__ = ["AnswerStream", "ProviderClient"]

_MOST_LIST_BYTES = 32 * 1024 * 1024
_MOST_LIST_PAGES = 20
_LIST_SECONDS = 120.0
"""The time limit for a whole list of models, for which no model has to run."""
_CLOSE_SECONDS = 1.0
_MOST_CHANNELS = 1_000
"""The number of cached channels. Each user's own key needs one, which is created in a tenth of a millisecond."""

_ChannelKey = tuple[str, str, SecretStr | None, bool, tuple[tuple[str, str], ...]]


class ProviderClient:
    """Calls providers. An async context manager that owns the connections. All limits are in seconds.

    `addresses` determines which addresses users' base URLs may have; by default, public ones.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        first_token_timeout: float,
        between_tokens_timeout: float,
        addresses: PublicAddresses | None = None,
    ) -> None:
        self._patience = Patience(connect_timeout, first_token_timeout, between_tokens_timeout)
        self._addresses = addresses
        self._channels: LRUCache[_ChannelKey, Channel] = LRUCache(_MOST_CHANNELS)
        self._pools: dict[bool, Pool] = {}
        """By whether they are for users' base URLs."""

    async def __aenter__(self) -> Self:
        connect, addresses = self._patience.connect, self._addresses or PublicAddresses()
        try:
            context = httpx2.create_ssl_context()  # One for both, since reading the root certificates takes 0.15 s.
            self._pools = {False: open_pool(connect, context), True: open_guarded_pool(connect, context, addresses)}
        except (OSError, ValueError, ImportError, httpx2.InvalidURL) as error:
            faults = environment_faults() or [
                f"{error}. Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
            ]
            raise StartupError(f"The HTTP client for providers can't be created: {' '.join(faults)}") from None
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._channels.clear()
        for pool in self._pools.values():
            await pool.aclose()
        self._pools = {}

    @asynccontextmanager
    async def stream(self, call: ModelCall) -> AsyncIterator[AnswerStream]:
        """Make one attempt at an answer. Entering sends the request and waits for the response headers.

        Raises a `ProviderError`, on entering or from the stream. Leaving before the end closes the connection, so that the provider stops
        working and no other request gets the rest of this answer.
        """
        with Watch(call.provider, self._patience) as watch:
            reply = await self._ask(call, watch)
            try:
                answer = AnswerStream(reply.body, AnswerReader(call.provider), watch)
                yield answer
                await answer.drain()
            finally:
                await _close(reply)

    async def _ask(self, call: ModelCall, watch: Watch) -> Reply:
        provider, body = call.provider, request_json(call)
        try:
            return await watch.wait(self._channel(provider).ask(body))
        except RefusedError as refused:
            raise refusal(provider, refused.status, refused.body, refused.headers) from None
        except (OpenAIError, *LOST_CONNECTION, *UNSENDABLE) as error:
            raise not_connected(provider, error, self._patience.connect) from error

    async def list_models(self, provider: Provider) -> list[ListedModel]:
        """Return the models in the provider's list, without those that the list marks as not for chat. Raises a `ProviderError`."""
        models: dict[str, ListedModel] = {}
        query = dict(provider.quirks.list_query)
        longest = min(self._patience.first_token, _LIST_SECONDS)
        try:
            with anyio.fail_after(longest):
                for _ in range(_MOST_LIST_PAGES):
                    page = await self._list_page(provider, query)
                    for model in chat_models(page, provider):
                        models.setdefault(model.name, model)
                    after = next_page(page)
                    if after is None or after.items() <= query.items():  # The next page would be this one again.
                        break
                    query |= after
        except TimeoutError:
            message = f"{provider.name} did not send its list of models within {longest:g} s."
            raise TimedOut(message, provider=provider.name) from None
        return list(models.values())

    async def _list_page(self, provider: Provider, query: Mapping[str, str]) -> bytes:
        quirks = provider.quirks
        own: dict[str, str | Omit] = {**quirks.headers, **quirks.list_headers}
        if quirks.list_key_header is not None and provider.api_key is not None:
            own |= {"Authorization": Omit(), quirks.list_key_header: provider.api_key.get_secret_value()}
        try:
            channel = self._channel(provider)
            sent = {**channel.headers, **own}
            async with channel.client.models.with_streaming_response.list(extra_headers=sent, extra_query=dict(query)) as response:
                return await _read_list(response.http_response, provider)
        except RefusedError as refused:
            raise refusal(provider, refused.status, refused.body, refused.headers, of_list=True) from None
        except (OpenAIError, *LOST_CONNECTION, *UNSENDABLE) as error:
            raise not_connected(provider, error, self._patience.connect) from error

    def _channel(self, provider: Provider) -> Channel:
        if not self._pools:
            raise RuntimeError("the provider client is not open")
        key = (provider.id, provider.base_url, provider.api_key, provider.guarded, tuple(provider.quirks.headers.items()))
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(provider, self._pools[provider.guarded])
        return channel


async def _read_list(response: httpx2.Response, provider: Provider) -> bytes:
    body = bytearray()
    async for data in response.aiter_bytes():
        body += data
        if len(body) > _MOST_LIST_BYTES:
            raise UnexpectedAnswer(f"{provider.name} sent a list of models larger than 32 MB.", provider=provider.name)
    return bytes(body)


async def _close(reply: Reply) -> None:
    # aiohttp closes a connection whose response was not read to its end; only a finished one returns to the pool.
    with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
        if isinstance(reply.body, AsyncGenerator):
            await reply.body.aclose()
        await reply.connection.aclose()
