"""Commands and scripts of ours that have little left to import.

A start spends most of its processor time on imports, and the tests start dozens. So one process, which has imported the service, forks
into each. A fork is a process like any other: it has an environment, a folder and streams of its own, and can be killed.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from typing import IO

from playground.__main__ import main
from playground.accounts.passwords import hashing as passwords

QUICK_COST = 4
"""bcrypt's, in forks and in the services of our own process: nearly every test registers somebody."""

_context = multiprocessing.get_context("forkserver")
_SERVICES = ("playground.cli", "playground.serving.server", "playground.terminal.accounts", "playground.terminal.compare")
_OF_SCRIPTS = ("httpx", "httpx_sse", "rich.progress", "typer.rich_utils")
_context.set_forkserver_preload([*_SERVICES, *_OF_SCRIPTS])


class Fork:
    """A `playground` or a script with such arguments, with the methods of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        script: Path | None = None,
        stdin: Connection | None = None,
        stdout: Connection | None = None,
    ) -> None:
        self._arguments = arguments
        from_stderr, stderr = _context.Pipe(duplex=False)
        streams = {number: stream for number, stream in enumerate((stdin, stdout, stderr)) if stream is not None}
        self._process = _context.Process(target=_become, args=(script, arguments, environment, folder, streams))
        with stderr:
            self._process.start()
        self.stderr = _file(from_stderr, "r")

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended. Raises `TimeoutExpired`."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise TimeoutExpired(self._arguments, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing, if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def completed(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, text: str = "", *, script: Path | None = None
) -> CompletedProcess[str]:
    """What a command or a script came to, and said, that was given `text`."""
    stdin, to_stdin = _context.Pipe(duplex=False)
    from_stdout, stdout = _context.Pipe(duplex=False)
    with stdin, stdout:
        fork = Fork(arguments, environment, folder, script=script, stdin=stdin, stdout=stdout)
    with ThreadPoolExecutor() as threads, fork.stderr, _file(from_stdout, "r") as out:
        said = threads.map(lambda stream: stream.read(), (out, fork.stderr))
        with suppress(BrokenPipeError), _file(to_stdin, "w") as given:  # It may end before it has read all.
            given.write(text)
        return CompletedProcess(arguments, fork.wait(), *said)


def telling(target: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
    """A process that calls `target`, which is given a connection as its last argument, and what comes over that."""
    told, tell = _context.Pipe(duplex=False)
    process = _context.Process(target=target, args=(*arguments, tell), daemon=True)
    with tell:
        process.start()
    return process, told


def _file(connection: Connection, mode: str) -> IO[str]:
    with connection:
        return os.fdopen(os.dup(connection.fileno()), mode)


def _become(
    script: Path | None, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Mapping[int, Connection]
) -> None:
    for number, stream in streams.items():
        with stream:
            os.dup2(stream.fileno(), number)
    # Such processes have nothing to read, and know of the others what they were to the one that forked.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # Whoever runs the tests may have it ignored, as `nohup` does.
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if script is not None:
        sys.argv = [str(script), *arguments]
        sys.path.insert(0, str(script.parent))
        runpy.run_path(str(script), run_name="__main__")
    else:
        sys.argv = ["playground", *arguments]
        passwords.COST = QUICK_COST
        main()
