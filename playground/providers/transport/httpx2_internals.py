"""What is used of httpx2 beyond its documented names: a client that creates its own transports, as the SDK's aiohttp client does.

Read in version 2.16.2 (`READ_IN`). `pyproject.toml` has the upper bound, and a test fails when a name is gone.

| name | used to | without it |
| --- | --- | --- |
| `AsyncClient._init_transport`, `._init_proxy_transport` | connect over aiohttp, also through proxies | httpx2 connects by itself |
| `BoundAsyncStream._stream` | read an answer without httpx2's generator, which costs 3 µs a read | the answer is read through it |

A transport that is passed, as for addresses of users, is used in either case.
"""

import ssl
from abc import abstractmethod

import httpx2

READ_IN = "2.16.2"
STREAM_NAME = "_stream"


class TransportClient(httpx2.AsyncClient):
    """A client that creates its transports by `transport`."""

    direct: httpx2.AsyncBaseTransport | None = None
    """Connects where no proxy does; `None`: httpx2 did not ask for one."""
    has_proxies = False

    @abstractmethod
    def transport(self, verify: ssl.SSLContext, proxy: httpx2.Proxy | None) -> httpx2.AsyncBaseTransport:
        """Return a new transport."""

    # httpx2 calls these with all that an `httpx2.AsyncClient` takes; the second for each proxy of the environment.
    def _init_transport(  # type: ignore[override]
        self, *, verify: ssl.SSLContext, transport: httpx2.AsyncBaseTransport | None, **_: object
    ) -> httpx2.AsyncBaseTransport:
        self.direct = transport or self.transport(verify, None)
        return self.direct

    def _init_proxy_transport(self, proxy: httpx2.Proxy, *, verify: ssl.SSLContext, **_: object) -> httpx2.AsyncBaseTransport:  # type: ignore[override]
        self.has_proxies = True
        return self.transport(verify, proxy)


def inner_stream(response: httpx2.Response) -> object:
    """The stream of the transport that `response` is read from, where httpx2 wrapped it; else `None`."""
    return getattr(response.stream, STREAM_NAME, None)
