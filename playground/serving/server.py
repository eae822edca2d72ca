"""The HTTP server: uvicorn on our own socket, with a shutdown that lets runs finish."""

import asyncio
import errno
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from signal import SIGINT, SIGTERM, signal
from types import FrameType
from typing import NamedTuple

import anyio
import structlog
import uvicorn
from anyio.lowlevel import checkpoint
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playground.app import open_app
from playground.comparison.running.runs import Runs
from playground.database.client import Database
from playground.kit import garbage_collection as garbage
from playground.kit.announcements import Announcements
from playground.kit.errors import Problem, StartupError
from playground.kit.ids import new_id
from playground.kit.problems import respond
from playground.kit.provided import Services
from playground.kit.tasks import background_tasks
from playground.settings import Settings

from .middleware import DirectSend, secured
from .uvicorn_internals import Connection, serve_without_signals

_KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open, as in nginx. Clients with pools and proxies keep connections for up to a minute, and a request
on a connection that has just been closed is lost."""
_SPARE_SECONDS = 5
"""How long stopped runs may take to be counted, recorded and sent. The journal has the rest for the next start."""
_LAST_READ_SECONDS = 5
"""How long after the last run clients may take to read its end or to finish a request. Then they are disconnected."""
_LAST_WORK_SECONDS = 1
"""How long a cancelled request may take to end, and a run that a second interrupt stops."""

_logger = structlog.get_logger(__name__)


class _Connection(Connection):
    """Responds to unreadable requests as to others: with an id, a line in the log, and the security headers."""

    def refusal(self, problem: Problem) -> Response:
        """Return the response for a problem."""
        answer, request_id = respond(problem), new_id()
        _logger.info("request_refused", request_id=request_id, status=problem.status, address=self.client[0] if self.client else None)
        answer.raw_headers = [*secured(answer.raw_headers, self.scheme), (b"x-request-id", request_id.encode())]
        return answer


class Server(uvicorn.Server):
    """Serves until a signal. Then it accepts no new runs, lets the running ones finish for a while, stops the rest, and exits.

    Overriding `handle_exit` avoids sse-starlette's process-wide patch of it. Its streams still find `should_exit` through the signal
    handler.
    """

    def __init__(self, app: FastAPI, settings: Settings, announce: Callable[[str], None] | None = None) -> None:
        self._app = DirectSend(app)
        self._announce = announce
        super().__init__(
            uvicorn.Config(
                self._serve_request,
                interface="asgi3",
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                # By default, uvicorn trusts programs on this machine.
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(_trusted(settings)),
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._settings = settings
        self._runs = app.state.services.get(Runs)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Start the shutdown on a signal. A second interrupt doesn't wait."""
        self.force_exit = self.should_exit and sig == SIGINT
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and log it. From here on, a signal shuts the service down gracefully."""
        await super().startup(sockets)
        address = _address(self.servers[0].sockets[0])
        _logger.info("listening", url=address)
        if self._announce is not None:
            self._announce(address)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.should_exit:  # Otherwise no one waits for the response.
                raise

    async def _wait_tasks_to_complete(self) -> None:
        """Wait for runs and connections after new ones are refused. uvicorn's version would wait for all of them, without a limit."""
        async with anyio.create_task_group() as ending:
            ending.start_soon(self._watch_interrupt, ending.cancel_scope)
            with anyio.move_on_after(self._settings.shutdown_grace_seconds + _SPARE_SECONDS):
                await self._drain()
            ending.cancel_scope.cancel()
        await self._cut_off()
        if self.force_exit:
            with anyio.move_on_after(_LAST_WORK_SECONDS):
                await self._runs.drain(0)

    async def _watch_interrupt(self, waiting: anyio.CancelScope) -> None:
        # uvicorn also polls these.
        while not self.force_exit:  # noqa: ASYNC110
            await anyio.sleep(0.1)
        waiting.cancel()

    async def _drain(self) -> None:
        await self._runs.drain(self._settings.shutdown_grace_seconds)
        with anyio.move_on_after(_LAST_READ_SECONDS):
            while self.server_state.connections:  # noqa: ASYNC110
                await anyio.sleep(0.1)

    async def _cut_off(self) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        while self.server_state.connections:
            await checkpoint()
        # Only after they know that their connections are closed: otherwise they would respond.
        for task in tuple(self.server_state.tasks):
            task.cancel()
        if self.server_state.tasks:
            await asyncio.wait(tuple(self.server_state.tasks), timeout=_LAST_WORK_SECONDS)


def _trusted(settings: Settings) -> Iterator[str]:
    """Yield the networks of trusted proxies, those of IPv4 also as dual-stack sockets show them: `::ffff:10.0.0.1`."""
    for network in settings.trusted_proxies:
        yield str(network)
        if network.version == 4:
            yield f"::ffff:{network.network_address}/{96 + network.prefixlen}"


class RunningService(NamedTuple):
    """A service that is running at `url`."""

    url: str
    services: Services

    @property
    def settings(self) -> Settings:
        """Return the settings of the service."""
        return self.services.get(Settings)

    @property
    def database(self) -> Database:
        """Return the database of the service."""
        return self.services.get(Database)

    @property
    def announcements(self) -> Announcements:
        """Return the announcements of the service."""
        return self.services.get(Announcements)


async def serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """Serve until a signal. `announce` is called with the address when it listens. Raises `StartupError` when the service can't start."""
    _raise_file_limit()
    with _listen(settings) as listener, _ending_on_signals():
        async with open_app(settings) as app:
            garbage.enable()
            await Server(app, settings, announce).serve([listener])


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Cancel the block on a signal while the server doesn't handle signals, so that everything started is stopped."""
    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:
        before = [signal(number, lambda _number, _frame: loop.call_soon_threadsafe(scope.cancel)) for number in (SIGINT, SIGTERM)]
        try:
            yield
        finally:
            for number, handler in zip((SIGINT, SIGTERM), before, strict=True):
                signal(number, handler)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[RunningService]:
    """Serve while the block runs, without touching signals. Raises `StartupError`."""
    with _listen(settings) as listener:
        async with open_app(settings) as app, background_tasks() as serving:
            server = Server(app, settings)
            ended = anyio.Event()

            async def serve_until_exit() -> None:
                await serve_without_signals(server, listener)
                ended.set()

            serving.start_soon(serve_until_exit)
            try:
                yield RunningService(_address(listener), app.state.services)
            finally:
                server.should_exit = True
                with anyio.CancelScope(shield=True):
                    await ended.wait()


def _listen(settings: Settings) -> socket.socket:
    """Return a listening socket, so that a port in use is reported before anything is started."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"Port {settings.port} on {settings.host} is in use. Stop the program that uses it, or set PORT to another port."
            ) from None
        raise StartupError(f"Can't listen on {settings.host}:{settings.port}: {error.strerror}. Check HOST and PORT.") from None
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _raise_file_limit() -> None:
    """Raise the limit of open files. Each stream needs three: the reader's connection, the provider's, and the journal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
