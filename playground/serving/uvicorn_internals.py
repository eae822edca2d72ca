"""An HTTP/1.1 connection that extends uvicorn's: upgrades, endless headers, trailers, HTTP/1.0, and refusals.

It needs undocumented names of uvicorn. Read in version 0.54.0 (`READ_IN`). `pyproject.toml` has the upper bound, and a test fails when a
name is gone.

| name | used to | without it |
| --- | --- | --- |
| `HttpToolsProtocol`: `data_received`, `on_headers_complete`, `on_body` and the attributes they use | read a request | none is served |
| `HttpToolsProtocol._should_upgrade` | ignore `Upgrade` | uvicorn decides |
| `HttpToolsProtocol._start_asgi_task` | know a request's connection, serve HTTP/1.0 | closed connections are noticed later |
| `STATUS_LINE` | refuse what isn't HTTP | the line is written here |
| `Server._serve` | serve without touching signals | uvicorn handles them too |
"""

import re
import socket
from abc import abstractmethod
from asyncio import Transport
from http import HTTPStatus

import httptools
from starlette.responses import Response
from starlette.types import Scope as ASGIScope
from uvicorn import Server
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from playground.kit.errors import Problem

READ_IN = "0.54.0"
SERVE_NAME = "_serve"
STATUS_LINE_NAME = "STATUS_LINE"
_MOST_HEAD_BYTES = 65_536
_HOST = re.compile(rb"(?:\[[\w:.%-]+\]|[^\s/@?#,:\\\[\]]+)(?::[0-9]*)?")
_TRANSPORT = "playground.transport"


class NotHttp(Problem):
    """The data is not an HTTP/1.1 request."""

    status = 400
    title = "Not an HTTP/1.1 request"
    code = "not_http"


class HeadTooLarge(Problem):
    """The address and headers of the request are larger than this service accepts."""

    status = 431
    title = "The request headers are too large"
    code = "head_too_large"

    def __init__(self) -> None:
        super().__init__(f"The address and the headers of a request can have at most {_MOST_HEAD_BYTES:,} bytes together.")


class Connection(HttpToolsProtocol):
    """One connection. Requires `Config(ws="none")`.

    The parser calls it back with a head, pieces of the body, and the next head.
    """

    _unused = 0
    """Bytes since the parser's last callback: an unfinished head, or unfinished trailers."""

    @abstractmethod
    def refusal(self, problem: Problem) -> Response:
        """Return the response to an unreadable request."""

    def data_received(self, data: bytes) -> None:
        """Parse received data."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        self._unused += len(data)
        try:
            self._read(data)
            if self._unused > _MOST_HEAD_BYTES:
                raise HeadTooLarge
        except HeadTooLarge as problem:
            self._refuse(problem)
        except httptools.HttpParserError as error:
            cause = error.__context__  # Raised by a callback.
            self._refuse(cause if isinstance(cause, Problem) else NotHttp("The data on this connection is not an HTTP/1.1 request."))

    def _read(self, data: bytes | memoryview) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._read_without_upgrade()
                data = memoryview(data)[upgrade.args[0] :]
            else:
                return

    def _should_upgrade(self) -> bool:
        """Interrupt requests for another protocol, which are then read again without it."""
        return True

    def _read_without_upgrade(self) -> None:
        """Read the request without `Upgrade`, which a server may ignore (RFC 9110, 7.8). The parser would expect the other protocol."""
        scope = self.scope
        if scope["method"] == "CONNECT":
            raise httptools.HttpParserInvalidMethodError
        head = [f"{scope['method']} ".encode(), self.url, f" HTTP/{scope['http_version']}\r\n".encode()]
        for name, value in scope["headers"]:
            if name != b"upgrade":
                head += (name, b": ", value, b"\r\n")
        self.parser.feed_data(b"".join((*head, b"\r\n")))

    def on_headers_complete(self) -> None:
        """Start serving a request. Raises `HeadTooLarge`, `NotHttp`."""
        # The body may have arrived in the same data.
        if self._unused > _MOST_HEAD_BYTES and self._head_bytes() > _MOST_HEAD_BYTES:
            raise HeadTooLarge
        self._check_host()
        self._unused = 0
        super().on_headers_complete()
        # Later fields are trailers, not headers (RFC 9110, 6.5.1).
        self.headers = []

    def _check_host(self) -> None:
        # RFC 9112, 3.2. With two of them, a proxy and this service might choose different ones.
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() != "1.0"):
            raise NotHttp("The request must have exactly one Host header.")
        if hosts and hosts[0] and _HOST.fullmatch(hosts[0]) is None:
            raise NotHttp("The Host header must be a host name or an address, with or without a port.")

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unused = 0
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.scope[_TRANSPORT] = self.transport  # type: ignore[literal-required]
        super()._start_asgi_task(
            cycle, self._until_closed(app if cycle.scope["http_version"] != "1.0" else _in_one_piece(app, cycle), cycle)
        )

    def _until_closed(self, app: ASGI3Application, cycle: RequestResponseCycle) -> ASGI3Application:
        async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            await app(scope, receive, send)
            # uvicorn learns this a moment later, or never for pipelined requests: it would then log an incomplete response.
            cycle.disconnected = cycle.disconnected or self.transport.is_closing()

        return answer

    def _refuse(self, problem: Problem) -> None:
        cycle = self.cycle
        # Within another response, it would be read as a part of that.
        if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
            answer = self.refusal(problem)
            headers = [*self.server_state.default_headers, *answer.raw_headers, (b"connection", b"close")]
            lines = [b"%b: %b\r\n" % header for header in headers]
            self.transport.write(b"".join((_status_line(problem.status), *lines, b"\r\n", answer.body)))
        self.transport.close()


async def serve_without_signals(server: Server, listener: socket.socket) -> None:
    """Serve until `server.should_exit` is set."""
    await getattr(server, SERVE_NAME, server.serve)([listener])


def _status_line(status: int) -> bytes:
    known: dict[int, bytes] = getattr(httptools_impl, STATUS_LINE_NAME, {})
    return known.get(status) or f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()


def is_closed(scope: ASGIScope) -> bool:
    """Return whether the connection of a request is closed, such as by a reset. Writing then fails (uvloop) or is lost."""
    transport: Transport | None = scope.get(_TRANSPORT)
    return transport is not None and transport.is_closing()


def drop(scope: ASGIScope) -> None:
    """Close the connection of a request immediately, in the middle of its response, because the client reads nothing."""
    transport: Transport | None = scope.get(_TRANSPORT)
    if transport is not None:
        transport.abort()


def _in_one_piece(app: ASGI3Application, cycle: RequestResponseCycle) -> ASGI3Application:
    """Wrap the app for HTTP/1.0, which has no chunks (RFC 9112, 6.1): a response without a length ends with the connection."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        async def send_unchunked(message: ASGISendEvent) -> None:
            cycle.chunked_encoding = False
            # uvicorn compares the body's length with this, even without a header.
            cycle.expected_content_length = len(message["body"]) if message["type"] == "http.response.body" else 0
            await send(message)

        await app(scope, receive, send_unchunked)

    return answer
