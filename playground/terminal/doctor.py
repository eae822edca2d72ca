"""What `playground doctor` looks at, one thing after another. Nothing is changed, and no model is asked anything."""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import anyio.to_thread

from playground.accounting.vocabularies import VOCABULARIES
from playground.database.engine.node import node
from playground.database.inspection import inspect
from playground.files import ENGINE
from playground.kit.errors import StartupError
from playground.kit.redis_connection import open_redis
from playground.page.routes import BUILT
from playground.providers.errors.kinds import ProviderError
from playground.providers.opening import open_providers
from playground.settings import Settings

from .first_look import running_already

_LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing."""

    name: str
    good: bool
    text: str
    """How it is, or what is wrong and what to do."""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding for everything that the service needs, and for each provider."""
    parts: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("Installation", _installation),
        ("Node", _node),
        ("Data folder", _data_folder),
        ("Address", _address),
        ("Database", _database),
        ("Redis", _redis),
    ]
    for name, look in parts:
        try:
            yield Finding(name, True, await look(settings))
        except StartupError as error:
            yield Finding(name, False, str(error))
    async for finding in _providers(settings):
        yield finding


async def _installation(_settings: Settings) -> str:
    for path in (ENGINE, BUILT / "index.html"):
        if not path.is_file():
            raise StartupError(f"{path} is missing. Install the package again; in a checkout, run `make setup`.")
    for vocabulary in VOCABULARIES:
        await anyio.to_thread.run_sync(vocabulary.read)
    return "the page, the query engine and the token vocabularies are there"


async def _node(_settings: Settings) -> str:
    program = await anyio.to_thread.run_sync(node)
    version = await anyio.run_process([str(program), "--version"])
    return f"{program}, {version.stdout.decode().strip()}"


async def _data_folder(settings: Settings) -> str:
    folder = settings.data_dir
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise StartupError(f"{existing} is not writable. Change its permissions, or set PLAYGROUND_DATA_DIR.")
    free = shutil.disk_usage(existing).free
    if free < _LEAST_FREE_BYTES:
        raise StartupError(f"{existing} has {free / 1e6:.0f} MB of free space. The journal and the database need at least 1 GB.")
    return f"{folder}, {free / 1e9:.1f} GB free" + ("" if folder.exists() else "; it doesn't exist yet")


async def _address(settings: Settings) -> str:
    try:
        with socket.create_server((settings.host, settings.port), family=_family(settings.host)):
            return f"{settings.host}:{settings.port} is free"
    except OSError as error:
        running = await anyio.to_thread.run_sync(running_already, settings)
        if running is None:
            raise StartupError(f"Can't listen on {settings.host}:{settings.port}: {error.strerror}. Set HOST and PORT.") from None
        return f"Playground is running at {running}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _database(settings: Settings) -> str:
    kind = "embedded" if settings.database_url is None else "at DATABASE_URL"
    state = await inspect(settings)
    if state is None:
        return f"{kind}; the first start creates it"
    changes = f"; the next start applies {state.missing} migrations" if state.missing else ""
    return f"{kind}, PostgreSQL {state.version}, {state.bytes / 1e6:.0f} MB{changes}"


async def _redis(settings: Settings) -> str:
    async with open_redis(settings) as redis:
        return "not used, since REDIS_URL is not set" if redis is None else "it responds"


async def _providers(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with open_providers(settings) as room:
            for provider in room.providers.all():
                try:
                    models = await room.client.list_models(provider)
                except ProviderError as error:
                    yield Finding(provider.name, False, str(error))
                else:
                    yield Finding(provider.name, True, f"{len(models)} models")
    except StartupError as error:
        yield Finding("Providers", False, str(error))
