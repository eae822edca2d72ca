"""Starts the processes of a benchmark, reads their output, and ends them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

HERE = Path(__file__).resolve().parent
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0
_LONGEST_LINE = 16 * 1024 * 1024
# Nothing else of the environment is passed on: keys of providers, proxies and settings would change the results.
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")


class ProcessFailed(Exception):
    """A process of the benchmark failed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server at `url`, an address of this machine."""

    pid: int
    url: str

    @property
    def port(self) -> int:
        """Return the port of `url`."""
        return int(self.url.rpartition(":")[2])


@asynccontextmanager
async def running_server(name: str, arguments: Sequence[str], folder: Path, **variables: str) -> AsyncIterator[Server]:
    """Start a Python program that reports where it listens: `{"event": "listening", "url": ...}` as a line on standard error.

    It works in `folder`, where its log is. Raises `ProcessFailed`.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = await anyio.open_process(
            [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=_environment(variables)
        )
    try:
        yield Server(process.pid, await anyio.to_thread.run_sync(_address, process, log))
    finally:
        await _end(process)


def _address(process: Process, log: Path) -> str:
    give_up = time.monotonic() + _START_SECONDS
    while process.returncode is None and time.monotonic() < give_up:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"listening"' in line and line.endswith("}"):
                return str(json.loads(line)["url"])
        time.sleep(0.05)
    raise ProcessFailed(f"The {log.stem} did not start. It said:\n{log.read_text(encoding='utf-8')[-4_000:]}")


class Client:
    """A program of this folder with a task, which reports its progress on standard output, line by line."""

    def __init__(self, program: str, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        self._program = program
        self._lines = BufferedByteReceiveStream(process.stdout)

    async def line(self) -> Any:  # noqa: ANN401 - JSON
        """Return its next line, which is JSON. Raises `ProcessFailed` if there is none."""
        try:
            return json.loads(await self._lines.receive_until(b"\n", _LONGEST_LINE))
        except (anyio.EndOfStream, anyio.IncompleteRead):
            raise ProcessFailed(f"{self._program} ended early; see its standard error.") from None

    async def reaches(self, stage: str) -> dict[str, Any]:
        """Wait until it reports `stage`. Raises `ProcessFailed` if it doesn't."""
        said: dict[str, Any] = await self.line()
        if said["event"] != stage:
            raise ProcessFailed(f"{self._program} should report {stage}, but reported {said}.")
        return said


@asynccontextmanager
async def running_client(program: str, task: msgspec.Struct) -> AsyncIterator[Client]:
    """Run a client. The block ends when the client has ended. If the block fails, the client is ended."""
    process = await anyio.open_process(
        [sys.executable, str(HERE / program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, env=_environment({})
    )
    try:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        await process.stdin.send(msgspec.json.encode(task) + b"\n")
        yield Client(program, process)
        with anyio.move_on_after(_STOP_SECONDS):
            await process.wait()
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    """Terminate the process, and kill it if it takes too long."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.terminate()
            with anyio.move_on_after(_STOP_SECONDS):
                await process.wait()
        if process.returncode is None:
            process.kill()
        await process.aclose()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ} | dict(variables)
