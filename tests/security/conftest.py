"""A service that other sites may call, behind a proxy that is believed, which takes little at once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from anyio.from_thread import BlockingPortal

from playground.kit import logs
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import User, new_user
from ..support.folders import NewDataDir

MOST_BYTES = 100_000
DEEPEST = 20


@asynccontextmanager
async def _site() -> AsyncIterator[str]:
    """Another site, with the same empty page everywhere."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Another site</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(scope="package")
def friend(portal: BlockingPortal) -> Iterator[str]:
    """The origin that is in `CORS_ORIGINS`."""
    with portal.wrap_async_context_manager(_site()) as origin:
        yield origin


@pytest.fixture(scope="package")
def stranger(portal: BlockingPortal) -> Iterator[str]:
    """An origin that is not."""
    with portal.wrap_async_context_manager(_site()) as origin:
        yield origin


@pytest.fixture(scope="package")
def guarded(portal: BlockingPortal, settings: Settings, friend: str, new_data_dir: NewDataDir) -> Iterator[RunningService]:
    """The service."""
    changed = {
        "data_dir": new_data_dir(),
        "cors_origins": friend,
        "trusted_proxies": "127.0.0.1",
        "max_body_bytes": MOST_BYTES,
        "max_json_depth": DEEPEST,
    }
    own = Settings(**{**settings.model_dump(), **changed}, _env_file=None)
    logs.configure(own)
    with portal.wrap_async_context_manager(running(own)) as service:
        yield service


@pytest.fixture(scope="package")
async def visitor(guarded: RunningService) -> AsyncIterator[User]:
    """A user of that service, the same for all tests."""
    async with new_user(guarded.url) as user:
        yield user
