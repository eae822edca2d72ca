"""Commands, as somebody types them."""

import os
import pty
import re
import socket
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from playground.accounts.service import AccountService
from playground.serving.server import RunningService

from ..support.forks import completed
from ..support.process import PLAYGROUND, environment

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def playground(folder: Path, *arguments: str, text: str = "", **variables: object) -> subprocess.CompletedProcess[str]:
    """What a command says, not at a terminal."""
    return completed(arguments, environment(folder, **variables), folder, text)


def executed(folder: Path, *arguments: str, start: Sequence[str] = (), **variables: object) -> subprocess.CompletedProcess[str]:
    """What a command says that is started as somebody starts it, imports included; by `start`, if that is given."""
    command = [*start, *PLAYGROUND, *arguments]
    return subprocess.run(command, env=environment(folder, **variables), cwd=folder, capture_output=True, text=True, check=False)


@contextmanager
def at_a_terminal(command: list[str], folder: Path, **variables: object) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], bytes]]]:
    """A command at a terminal of 120 columns, and what reads from that: nothing, when nobody will write any more."""
    controller, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read() -> bytes:
        with suppress(OSError):  # That is how a terminal tells the end.
            return os.read(controller, 65_536)
        return b""

    known = environment(folder, TERM="xterm-256color", **variables)
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=known, cwd=folder) as process:
        os.close(terminal)
        try:
            yield process, read
        finally:
            process.kill()
            os.close(controller)


@pytest.fixture
def token(service: RunningService, portal: BlockingPortal) -> str:
    """That of whoever sits at the server's terminal."""
    return portal.call(service.services.get(AccountService).terminal_token)


@pytest.fixture
def asking(service: RunningService, token: str) -> dict[str, str]:
    """The environment that makes `compare` ask the running service."""
    return {"PLAYGROUND_URL": service.url, "PLAYGROUND_TOKEN": token}


@pytest.fixture
def dead_address() -> Iterator[str]:
    """Where nobody listens, and nobody else will meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
