"""Connections to providers: one pool for those that the operator set up, one for addresses that users gave, and the SDK's client for each,
made to send only what is ours.
"""

import ssl
from collections.abc import Mapping
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import anyio
import httpx2
from openai import AsyncOpenAI, Omit
from openai._vendor.httpx_aiohttp.transport import AiohttpTransport

from playground.providers.errors.kinds import WrongKey
from playground.providers.records import Provider

from .aiohttp_internals import Connector
from .public_addresses import PublicAddresses, check_scheme

LOST_CONNECTION = (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)
"""What the HTTP client raises when a connection fails: httpx2's errors, and those of aiohttp and the system that it lets through."""

UNSENDABLE = (httpx2.InvalidURL, ValueError)
"""What it raises for a request that can't be sent; `UnicodeError`, for a host name that can't be looked up, is a `ValueError`."""

Headers = Mapping[str, str | Omit]
"""`Omit` leaves out a header that the SDK would send."""

_MOST_REFUSAL_BYTES = 64 * 1024
_REFUSAL_SECONDS = 2.0
"""For the body of a refusal, which not every server brings to an end."""
_KEEPALIVE_SECONDS = 15.0
_MOST_LINE_BYTES = 68 * 1024
"""Of one line of an answer's head: 64 KB and the name. Gateways add cookies, policies and metadata; aiohttp's own limit is 8 KB."""
_MOST_HEAD_LINES = 1_024
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


class Pool(httpx2.AsyncClient):
    """As the SDK's `DefaultAioHttpClient`, but without cookies: one that an answer to one user sets must not go with another's request."""

    _without_proxy: AiohttpTransport
    _has_proxies = False

    # httpx2 calls these with all that an `httpx2.AsyncClient` takes; the second for each proxy of the environment.
    def _init_transport(  # type: ignore[override]
        self, *, verify: ssl.SSLContext, transport: AiohttpTransport | None, **_: object
    ) -> httpx2.AsyncBaseTransport:
        self._without_proxy = transport or _transport(verify)
        return self._without_proxy

    def _init_proxy_transport(self, proxy: httpx2.Proxy, *, verify: ssl.SSLContext, **_: object) -> httpx2.AsyncBaseTransport:  # type: ignore[override]
        self._has_proxies = True
        return _transport(verify, proxy)

    @property
    def session(self) -> aiohttp.ClientSession | None:
        """What all requests go through in the end; `None` before the first one, and where proxies make it several."""
        session = self._without_proxy.client
        return session if isinstance(session, aiohttp.ClientSession) and not self._has_proxies else None


def open_pool(connect_timeout: float, context: ssl.SSLContext) -> Pool:
    """The HTTP client that the operator's providers share, for any number of connections. `connect_timeout` in seconds.

    To be closed by the caller. A request that is not answered with 2xx raises `RefusedError`: no redirect is followed.
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
    """The same for addresses that users gave: it connects over https, to what `addresses` lets through, and through no proxy.

    A proxy would look host names up by itself, where nobody checks what they mean. Any other request raises `AddressRefusedError`.
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


def _timeout(connect: float) -> httpx2.Timeout:
    # `pool` is what aiohttp calls `connect`: finding the address, connecting and TLS together. Reading is `Watch`'s.
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
        # For aiohttp 0 is "no limit", while None would leave its own limit of 100.
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
    """Ends a call that was refused before the SDK reads the whole of the refusal, which may be of any length and take any time."""
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
        pass  # The status says enough.
    raise RefusedError(
        response.status_code, bytes(body[:_MOST_REFUSAL_BYTES]), {name.lower(): value for name, value in response.headers.items()}
    )
