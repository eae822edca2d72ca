"""The embedded PostgreSQL: started with the first service that uses a data folder, and stopped with the last one.

Services detect each other by locks on two files in the data folder, which the operating system releases however a process ends:

    postgres.lock    locked exclusively while the server is being created, started or stopped
    postgres.users   locked shared by every service that uses the server; the service that can lock it exclusively is the last one

A service that is killed leaves the server running, and the next start finds it.
"""

import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

import anyio
import anyio.to_thread
import structlog

from playground.kit.errors import StartupError

from .cluster import Cluster

_LOCK_TIMEOUT_SECONDS = 90.0
"""How long to wait for another service that creates, starts or stops the server; seconds."""

log = structlog.get_logger()


class EmbeddedPostgres:
    """The embedded PostgreSQL in `<data_dir>/postgres`."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._cluster = Cluster(self._data_dir / "postgres")

    @property
    def url(self) -> str:
        """Return the address of the database of the running server."""
        return self._cluster.url

    @classmethod
    @asynccontextmanager
    async def open(cls, data_dir: Path) -> AsyncIterator[Self]:
        """Start the server of `data_dir`, and create it if necessary (about 1 s). Raises `StartupError` if it can't start."""
        server = cls(data_dir)
        users = await anyio.to_thread.run_sync(server._join)
        try:
            yield server
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(server._leave, users)

    async def ensure_running(self) -> bool:
        """Start the server if it died, and return whether it did. Otherwise takes 1 ms. Raises `StartupError` if it can't start."""
        # The waiting task can be cancelled: the thread continues, and locks separate it from the next one.
        return await anyio.to_thread.run_sync(self._start, abandon_on_cancel=True)

    def dump(self, target: Path) -> None:
        """Write the database to a file while services use it. Blocks for as long as that takes. Raises `StartupError`."""
        self._cluster.dump(target)

    def load(self, source: Path) -> None:
        """Fill the database, which has to be empty, from such a file. Blocks. Raises `StartupError`."""
        self._cluster.load(source)

    def _join(self) -> int:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            users = _opened(self._data_dir / "postgres.users")
            try:
                with self._alone():
                    fcntl.flock(users, fcntl.LOCK_SH)
                    self._cluster.make()
                self._start()
            except BaseException:
                os.close(users)
                raise
        except OSError as error:
            raise StartupError(
                f"The data folder {self._data_dir} can't be used: {error}. Set PLAYGROUND_DATA_DIR to another folder."
            ) from error
        return users

    def _start(self) -> bool:
        if self._cluster.answers():
            return False
        with self._alone():
            if self._cluster.answers():
                return False
            self._cluster.start()
        return True

    def _leave(self, users: int) -> None:
        try:
            with self._alone():
                if _is_last(users):
                    self._cluster.stop()
        except StartupError as error:
            # Harmless: the next start finds the server running.
            log.warning("the embedded PostgreSQL was left running", reason=str(error))
        finally:
            os.close(users)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        path = self._data_dir / "postgres.lock"
        lock = _opened(path)
        try:
            _wait_for(lock, path)
            yield
        finally:
            os.close(lock)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _wait_for(lock: int, path: Path) -> None:
    give_up = time.monotonic() + _LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise StartupError(
                    f"Another process has locked {path} for {_LOCK_TIMEOUT_SECONDS:.0f} s. It may be stuck starting PostgreSQL."
                ) from None
            time.sleep(0.02)
        else:
            return


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
