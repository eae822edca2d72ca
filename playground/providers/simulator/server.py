"""Serves the simulator: inside another process's event loop, or alone.

uvicorn's connections, without uvicorn's server around them: that one installs signal handlers, ends the process when a port is taken,
and on its way out waits for streams that here are to be cut.
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

# Longer than HTTP clients keep an idle connection, so that it is the client who closes it and never in the middle of a new request.
_KEEP_ALIVE_SECONDS = 120
_STOP_SECONDS = 5


class _Connection(Connection):
    """A connection without access log, which an answer can break."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState) -> None:
        super().__init__(config, server_state, {})
        self.access_log = False

    def refusal(self, problem: Problem) -> Response:
        """The error, in OpenAI's shape."""
        return respond(ApiError(HTTPStatus(problem.status), problem.detail))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # What is written already is still sent; the end of the answer never comes.
        self.scope["extensions"] = {HANG_UP: {"close": self.transport.close}}
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]


@asynccontextmanager
async def running_simulator(settings: SimulatorSettings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """A simulator in this event loop, for as long as the context lasts. Yields its base URL, as `http://127.0.0.1:41234/v1`.

    Port 0 takes any free one. On leaving, open streams are cut. Raises `StartupError` when it can't listen there.
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
    """The simulator alone, until SIGINT or SIGTERM. `announce` is told the base URL once it listens.

    Raises `StartupError` when it can't listen there.
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
    # Each answer sees that its client is gone, and ends by itself.
    tasks = list(state.tasks)
    if tasks:
        await asyncio.wait(tasks)
    while state.connections:
        await checkpoint()


def _base_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"
