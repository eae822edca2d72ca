"""Providers that only list their models, as real HTTP servers, and what tests of the catalogue do with them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
from aiohttp import web

from playground.catalogue.catalogue import Catalogue
from playground.providers.records import Provider


class Upstream:
    """A provider's `/models`. A test changes what it answers at any time."""

    def __init__(self) -> None:
        self.models: list[dict[str, object]] = []
        self.status = 200
        self.before_answer: Callable[[], Awaitable[object]] | None = None
        self.requests = 0
        self.port = 0

    def provider(self, provider_id: str, *, host: str = "127.0.0.1", simulated: bool = False) -> Provider:
        return Provider(provider_id, provider_id.title(), f"http://{host}:{self.port}/v1", simulated=simulated)

    async def answer(self, _request: web.Request) -> web.Response:
        self.requests += 1
        if self.before_answer is not None:
            await self.before_answer()
        if self.status != 200:
            return web.json_response({"error": {"message": "out for lunch"}}, status=self.status)
        return web.json_response({"object": "list", "data": self.models})


@asynccontextmanager
async def upstream(*names: str) -> AsyncIterator[Upstream]:
    """A running provider that lists `names`."""
    provider = Upstream()
    provider.models = [{"id": name} for name in names]
    app = web.Application()
    app.router.add_get("/v1/models", provider.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.port = runner.addresses[0][1]
        yield provider
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` holds; fail when it does not within 20 s."""
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event, and needs none outside of tests
            await anyio.sleep(0.002)


@asynccontextmanager
async def running(catalogue: Catalogue) -> AsyncIterator[None]:
    """`catalogue` with its background task."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(tasks.cancel_scope.cancel)
        tasks.start_soon(catalogue.run_forever)
        yield
