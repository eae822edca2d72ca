"""A TCP proxy whose connections a test can cut, and whose answers it can hold back, as a network does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio


@dataclass
class Hold:
    """Answers that come when `over` is set."""

    request: bytes
    """How the requests begin that they answer."""
    arrived: anyio.Event = field(default_factory=anyio.Event)
    """The server has such a request."""
    over: anyio.Event = field(default_factory=anyio.Event)


class Proxy:
    """Passes bytes on to one server."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        assert address.hostname is not None
        assert address.port is not None
        self._target = address.hostname, address.port
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self._hold: Hold | None = None

    def hold(self, request: bytes) -> Hold:
        """From now on, answers to requests that begin so."""
        self._hold = Hold(request)
        return self._hold

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, server_writer}
        holding: list[Hold] = []

        async def asked(data: bytes) -> None:
            if self._hold is not None and data.startswith(self._hold.request):
                holding.append(self._hold)
                self._hold.arrived.set()

        async def answered(_: bytes) -> None:
            for hold in holding:
                await hold.over.wait()

        async with anyio.create_task_group() as directions:
            directions.start_soon(self._pass_on, reader, server_writer, asked)
            directions.start_soon(self._pass_on, server_reader, writer, answered)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, before: Callable[[bytes], Awaitable[None]]
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await before(data)
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)

    def cut(self) -> None:
        """Ends all connections at once, without a word."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def proxy_to(target: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
