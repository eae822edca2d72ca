"""Connections to providers: one pool for the operator's providers, one for users' base URLs, and the SDK's client for each, configured to
send only our own headers.
"""

import ssl
from collections.abc import Mapping
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import anyio
import httpx2
from openai import AsyncOpenAI, Omit

from playground.providers.errors.kinds import WrongKey
from playground.providers.records import Provider

from .aiohttp_internals import Connector
from .httpx2_internals import TransportClient
from .openai_internals import AiohttpTransport
from .public_addresses import PublicAddresses, check_scheme

LOST_CONNECTION = (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)
"""The exceptions of the HTTP client for failed connections: httpx2's errors, and those of aiohttp and the system that it passes on."""

UNSENDABLE = (httpx2.InvalidURL, ValueError)
"""Its exceptions for a request that can't be sent; `UnicodeError`, for an invalid host name, is a `ValueError`."""

Headers = Mapping[str, str | Omit]
"""`Omit` leaves out a header that the SDK would send."""

_MOST_REFUSAL_BYTES = 64 * 1024
_REFUSAL_SECONDS = 2.0
"""The time limit for the body of a refusal, which not every server ends."""
_KEEPALIVE_SECONDS = 15.0
_MOST_LINE_BYTES = 68 * 1024
"""The longest line of response headers: 64 KB and the name. Gateways add cookies, policies and metadata; aiohttp's default is 8 KB."""
_MOST_HEAD_LINES = 1_024
# The SDK's headers that are sent: not its telemetry, and not values of variables such as OPENAI_ORG_ID or OPENAI_CUSTOM_HEADERS, which are
# meant for OpenAI and would be sent to every provider.
_KEPT_HEADERS = frozenset({"accept", "content-type", "user-agent"})
_SET_PER_REQUEST = ("x-stainless-retry-count", "x-stainless-read-timeout")
# The simulator and local servers are not behind the proxy that HTTP_PROXY names.
_WITHOUT_PROXY = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class RefusedError(Exception):
    """The provider responded with a status other than 2xx."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


class Pool(TransportClient):
    """Like the SDK's `DefaultAioHttpClient`, but without cookies: one set in the response to one user must not be sent with another's
    request.
    """

    def transport(self, verify: ssl.SSLContext, proxy: httpx2.Proxy | None) -> AiohttpTransport:
        """Return a transport over aiohttp."""
        return _transport(verify, proxy)

    @property
    def session(self) -> aiohttp.ClientSession | None:
        """The transport of all requests; `None` before the first one, and if proxies make it several."""
        session = self.direct.client if isinstance(self.direct, AiohttpTransport) else None
        return session if isinstance(session, aiohttp.ClientSession) and not self.has_proxies else None


def open_pool(connect_timeout: float, context: ssl.SSLContext) -> Pool:
    """Create the HTTP client that the operator's providers share, for any number of connections. `connect_timeout` in seconds.

    The caller has to close it. A response other than 2xx raises `RefusedError`; redirects are not followed.
    """
    return Pool(
        timeout=_timeout(connect_timeout),
        follow_redirects=False,
        cookies=_no_cookies(),
        event_hooks={"response": [stop_at_refusal]},
        verify=context,
        mounts=dict.fromkeys(_WITHOUT_PROXY),
    )


def open_guarded_pool(connect_timeout: float, context: ssl.SSLContext, addresses: PublicAddresses) -> Pool:
    """Create the client for users' base URLs: it connects over https, to addresses that `addresses` allows, and without a proxy.

    A proxy would resolve host names itself, without a check. Any other request raises `AddressRefusedError`.
    """
    return Pool(
        timeout=_timeout(connect_timeout),
        follow_redirects=False,
        cookies=_no_cookies(),
        event_hooks={"request": [_stop_at_plain_text], "response": [stop_at_refusal]},
        transport=_transport(context, addresses=addresses),
        trust_env=False,
    )


def open_client(provider: Provider, pool: Pool) -> tuple[AsyncOpenAI, Headers]:
    """The SDK's client for `provider`, and the headers to send with each request in place of the SDK's own.

    Raises `WrongKey` for a key that can't be in a header, as one that was pasted with its dots.
    """
    key = provider.api_key.get_secret_value() if provider.api_key is not None else ""
    if not (key.isascii() and key.isprintable()):
        raise WrongKey(f"The API key for {provider.name} has characters that an API key can't have. Copy it again.", provider=provider.name)
    # Everything that the SDK would otherwise read from the environment is set.
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
        # A compressed stream would be delayed until a block is full.
        "Accept-Encoding": "identity",
    }
    return client, headers


def _timeout(connect: float) -> httpx2.Timeout:
    # `pool` is aiohttp's `connect`: DNS, connecting and TLS together. `Watch` limits reading.
    return httpx2.Timeout(None, connect=connect, pool=connect)


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _transport(context: ssl.SSLContext, proxy: httpx2.Proxy | None = None, *, addresses: PublicAddresses | None = None) -> AiohttpTransport:
    transport = AiohttpTransport(verify=context, proxy=proxy)
    # Called at the first request.
    transport.client = partial(_session, context, addresses)
    return transport


def _session(context: ssl.SSLContext, addresses: PublicAddresses | None) -> aiohttp.ClientSession:
    connector = Connector(
        # For aiohttp 0 means "no limit", while None would keep its default of 100.
        limit=0,
        keepalive_timeout=_KEEPALIVE_SECONDS,
        ssl=context,
        resolver=addresses.resolver if addresses is not None else None,
        socket_factory=addresses.open_socket if addresses is not None else None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_MOST_LINE_BYTES,
        max_field_size=_MOST_LINE_BYTES,
        max_headers=_MOST_HEAD_LINES,
    )


async def _stop_at_plain_text(request: httpx2.Request) -> None:
    check_scheme(str(request.url))


async def stop_at_refusal(response: httpx2.Response) -> None:
    """End a refused call before the SDK reads the whole body, which may be of any length and take any time."""
    if response.is_success:
        return
    body = bytearray()
    try:
        with anyio.move_on_after(_REFUSAL_SECONDS):
            async for data in response.aiter_bytes():
                body += data
                if len(body) >= _MOST_REFUSAL_BYTES:
                    break
        await response.aclose()
    except LOST_CONNECTION:
        pass  # The status is enough.
    raise RefusedError(
        response.status_code, bytes(body[:_MOST_REFUSAL_BYTES]), {name.lower(): value for name, value in response.headers.items()}
    )
