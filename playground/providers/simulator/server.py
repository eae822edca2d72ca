"""Serves the simulator, in another process's event loop or by itself.

It uses uvicorn's connections without uvicorn's server, which installs signal handlers, exits the process if a port is in use, and waits at
shutdown for streams that have to be ended here.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from http import HTTPStatus

import anyio
import uvicorn
from anyio.lowlevel import checkpoint
from starlette.responses import Response
from uvicorn.server import ServerState

from playground.kit.errors import Problem, StartupError
from playground.serving.uvicorn_internals import Connection

from .app import create_simulator
from .errors import ApiError, respond
from .pace import SimulatorSettings
from .streaming import HANG_UP

# Longer than HTTP clients keep an idle connection, so that the client closes it, and never in the middle of a new request.
_KEEP_ALIVE_SECONDS = 120
_STOP_SECONDS = 5


class _Connection(Connection):
    """A connection without an access log, which a response can break."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState) -> None:
        super().__init__(config, server_state, {})
        self.access_log = False

    def refusal(self, problem: Problem) -> Response:
        """Return the error in OpenAI's form."""
        return respond(ApiError(HTTPStatus(problem.status), problem.detail))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Data already written is still sent, but not the end of the response.
        self.scope["extensions"] = {HANG_UP: {"close": self.transport.close}}
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]


@asynccontextmanager
async def running_simulator(settings: SimulatorSettings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Run a simulator in this event loop while the context lasts. Yields its base URL, such as `http://127.0.0.1:41234/v1`.

    Port 0 selects a free port. On leaving, open streams are ended. Raises `StartupError` if it can't listen there.
    """
    config = uvicorn.Config(
        create_simulator(settings),
        ws="none",
        lifespan="off",
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    state = ServerState()
    try:
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(config, state), host, port)
    except OSError as error:
        raise StartupError(f"The simulator can't listen on {host}, port {port}: {error.strerror or error}.") from error
    try:
        yield _base_url(host, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        with anyio.move_on_after(_STOP_SECONDS, shield=True):
            await _end_connections(state)


def serve_forever(settings: SimulatorSettings, *, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Run only the simulator, until SIGINT or SIGTERM. `announce` is called with the base URL when it listens.

    Raises `StartupError` if it can't listen there.
    """

    async def serve() -> None:
        async with running_simulator(settings, host, port) as base_url:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                announce(base_url)
                async for _ in signals:
                    break

    anyio.run(serve, backend_options={"use_uvloop": sys.platform != "win32"})


async def _end_connections(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.transport.abort()
    # Each response notices that its client is gone, and ends by itself.
    tasks = list(state.tasks)
    if tasks:
        await asyncio.wait(tasks)
    while state.connections:
        await checkpoint()


def _base_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"
