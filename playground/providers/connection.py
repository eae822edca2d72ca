"""Connections to providers: one pool for all of them, and the SDK's client for each, made to send only what is ours."""

from collections.abc import Mapping

import aiohttp
import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, Omit

from .errors import WrongKey
from .records import Provider

LOST_CONNECTION = (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)
"""What the HTTP client raises when a connection fails: httpx2's errors, and those of aiohttp and the system that it lets through."""

Headers = Mapping[str, str | Omit]
"""`Omit` leaves out a header that the SDK would send."""

_MOST_REFUSAL_BYTES = 64 * 1024
_KEEPALIVE_SECONDS = 15.0
# Of the SDK's own headers, those that are sent: not its telemetry, and not what it finds in variables such as OPENAI_ORG_ID
# or OPENAI_CUSTOM_HEADERS, which are meant for OpenAI and would go to every provider.
_KEPT_HEADERS = frozenset({"accept", "content-type", "user-agent"})
_SET_PER_REQUEST = ("x-stainless-retry-count", "x-stainless-read-timeout")
# The simulator and one's own servers are not behind the proxy that HTTP_PROXY names.
_WITHOUT_PROXY = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class RefusedError(Exception):
    """The provider answered, but not with 2xx."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


def open_pool(connect_timeout: float) -> httpx2.AsyncClient:
    """The HTTP client that all providers share, for any number of connections. `connect_timeout` in seconds. To be closed by the caller.

    A request that is not answered with 2xx raises `RefusedError`.
    """
    return DefaultAioHttpClient(
        # `pool` is what aiohttp calls `connect`: finding the address, connecting and TLS together. Reading is `Watch`'s.
        timeout=httpx2.Timeout(None, connect=connect_timeout, pool=connect_timeout),
        # For aiohttp 0 is "no limit", while None would leave its own limit of 100.
        limits=httpx2.Limits(max_connections=0, keepalive_expiry=_KEEPALIVE_SECONDS),
        follow_redirects=False,
        event_hooks={"response": [_stop_at_refusal]},
        mounts=dict.fromkeys(_WITHOUT_PROXY),
    )


def open_client(provider: Provider, pool: httpx2.AsyncClient) -> tuple[AsyncOpenAI, Headers]:
    """The SDK's client for `provider`, and the headers to send with each request in place of the SDK's own.

    Raises `WrongKey` for a key that can't be in a header, as one that was pasted with its dots.
    """
    key = provider.api_key.get_secret_value() if provider.api_key is not None else ""
    if not (key.isascii() and key.isprintable()):
        raise WrongKey(f"The key of {provider.name} has characters that no key has. Copy it again.", provider=provider.name)
    # Everything that the SDK would otherwise take from the environment is given.
    client = AsyncOpenAI(
        api_key=key or "none",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=provider.base_url,
        max_retries=0,
        http_client=pool,
    )
    left_out = [name for name in (*client.default_headers, *_SET_PER_REQUEST) if name.lower() not in _KEPT_HEADERS]
    headers: Headers = {
        **dict.fromkeys(left_out, Omit()),
        "Authorization": f"Bearer {key}" if key else Omit(),
        # A compressed stream would be held back until a block is full.
        "Accept-Encoding": "identity",
    }
    return client, headers


async def _stop_at_refusal(response: httpx2.Response) -> None:
    """Ends a call that was refused before the SDK reads the whole of the refusal, which may be of any length."""
    if response.is_success:
        return
    body = bytearray()
    try:
        async for data in response.aiter_bytes():
            body += data
            if len(body) >= _MOST_REFUSAL_BYTES:
                break
    except LOST_CONNECTION:
        pass  # The status says enough.
    raise RefusedError(
        response.status_code, bytes(body[:_MOST_REFUSAL_BYTES]), {name.lower(): value for name, value in response.headers.items()}
    )
