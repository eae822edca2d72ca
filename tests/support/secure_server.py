"""An HTTPS server under any host name, with a certificate that only those trust who are told to."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from .certificates import Certificate

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SecureServer:
    """Answers everything as `answer` does."""

    def __init__(self, name: str, certificate: Path) -> None:
        self.name = name
        self.certificate = certificate
        """To be trusted by those who are to connect."""
        self.requests: list[web.Request] = []
        self.port = 0
        self.answer: Answer = self._lists_a_model

    @property
    def url(self) -> str:
        return f"https://{self.name}:{self.port}/v1"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.answer(request)

    async def _lists_a_model(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": "m"}]})


@asynccontextmanager
async def secure_server(name: str, folder: Path) -> AsyncIterator[SecureServer]:
    """A server that calls itself `name`; its certificate is written to `folder`."""
    server = SecureServer(name, Certificate(name).write(folder / "certificate.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.certificate)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
