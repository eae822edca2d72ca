"""The real database: PostgreSQL, the query engine and the Prisma client."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from playground.database.client import Database
from playground.settings import Settings

from ..support.folders import NewDataDir, temporary_folder


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data folder."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture
def made_data_dir(new_data_dir: NewDataDir) -> Path:
    """A data folder as the first start leaves it."""
    return new_data_dir()


@pytest.fixture(scope="session")
def shared_data_dir(new_data_dir: NewDataDir) -> Path:
    """One for all tests that need nothing of their own."""
    return new_data_dir()


def settings_for(data_dir: Path, database_url: str | None = None) -> Settings:
    return Settings(data_dir=data_dir, database_url=database_url, _env_file=None)


@pytest.fixture(scope="session")
async def database(shared_data_dir: Path, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database.open(settings_for(shared_data_dir)) as opened:
        yield opened


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def frozen(data_dir: Path) -> Iterator[None]:
    """The PostgreSQL of that folder keeps its connections, and gives no sign of life on them."""
    postmaster = postmaster_pid(data_dir)
    backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
    processes = [postmaster, *map(int, backends)]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


async def kill(pid: int) -> None:
    """Kills the process and waits until it is dead, whosever child it is."""
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    await ended(descriptor)


async def ended(descriptor: int) -> None:
    """Waits until the process behind a `pidfd` is dead."""
    try:
        with anyio.fail_after(20):
            await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)


@pytest.fixture
def python() -> list[str]:
    """How to start a Python that runs a program given as text."""
    return [sys.executable, "-W", "error", "-c"]
