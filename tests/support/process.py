"""The service and its commands as processes of their own, as an operator starts them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.to_thread import run_sync

from .client import User
from .forks import Fork

PLAYGROUND = [sys.executable, "-m", "playground"]
_LIMITS = ("ADDRESS_REQUESTS", "USER_REQUESTS", "AUTH", "STREAMS")
_QUOTAS = ("DAILY_REQUESTS", "MONTHLY_REQUESTS", "MONTHLY_TOKENS", "MONTHLY_BUDGET")
UNLIMITED = dict.fromkeys([*(f"LIMIT_{name}" for name in _LIMITS), *(f"USER_{name}" for name in _QUOTAS)], "off")
"""All tests come from one address, and nobody but the first is an administrator."""
_TIMEOUT_SECONDS = 60

T = TypeVar("T")


def environment(data_dir: Path, **variables: object) -> dict[str, str]:
    """What a command of ours needs of the environment, and nothing that a developer may have set for himself."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return {**kept, **UNLIMITED, "PLAYGROUND_DATA_DIR": str(data_dir), **{name: str(value) for name, value in variables.items()}}


Start = Callable[[Sequence[str], Mapping[str, str], Path], Fork | subprocess.Popen[str]]
"""Starts a command with these arguments, in this environment and folder."""


def executed(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """Start a command just as an operator does, imports included."""
    return subprocess.Popen([*PLAYGROUND, *arguments], stderr=subprocess.PIPE, text=True, cwd=folder, env=environment)


class ServiceProcess:
    """A `playground serve`, and what it logs."""

    def __init__(self, data_dir: Path, *, start: Start = Fork, **variables: object) -> None:
        self.data_dir = data_dir
        # In a folder that holds no `.env`.
        self._process = start(["serve", "--port", "0"], environment(data_dir, **variables), data_dir)
        self._lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = ""

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                with self._said:
                    self._lines.append(line)
                    self._said.notify_all()
        with self._said:
            self._lines.append("")
            self._said.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stderr(self) -> str:
        """All that it has said so far."""
        return "".join(self._lines)

    @property
    def log(self) -> list[dict[str, Any]]:
        """All that it has logged so far."""
        return [json.loads(line) for line in list(self._lines) if line]

    def wait_for_log(self, event: str, **fields: Any) -> dict[str, Any]:
        """The first line of the log with that event and these fields."""
        seen = 0
        with self._said:
            while True:
                for line in self._lines[seen:]:
                    assert line, f"it ended without logging {event} {fields}:\n{self.stderr}"
                    if not line.startswith("{"):
                        continue  # Of a traceback: it ends soon, and then all of it is told.
                    entry: dict[str, Any] = json.loads(line)
                    if entry["event"] == event and all(entry.get(name) == value for name, value in fields.items()):
                        return entry
                seen = len(self._lines)
                assert self._said.wait(_TIMEOUT_SECONDS), f"it did not log {event} {fields}:\n{self.stderr}"

    async def logged(self, event: str, **fields: Any) -> dict[str, Any]:
        """The same, for tests that have a stream open meanwhile."""
        return await run_sync(lambda: self.wait_for_log(event, **fields))

    def journal(self) -> str:
        """All that the journals of all processes of this data folder hold."""
        return "".join(file.read_text(encoding="utf-8") for file in self.data_dir.glob("journal/*/*.jsonl"))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def terminate(self) -> None:
        """As an operator would."""
        self.signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit code, when it has ended by itself and all that it said was read."""
        code = self._process.wait(_TIMEOUT_SECONDS)
        self._reader.join(_TIMEOUT_SECONDS)
        return code

    async def ended(self) -> int:
        """The same, for tests that have a stream open meanwhile."""
        return await run_sync(self.wait)

    def kill(self) -> None:
        """As a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def children(self, program: str) -> list[int]:
        """The ids of its child processes that run `program`."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        return [int(pid) for pid in pids if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == program]


@contextmanager
def serving(data_dir: Path, *, start: Start = Fork, **variables: object) -> Iterator[ServiceProcess]:
    """A service that listens; it ends with the block, if it has not before."""
    service = ServiceProcess(data_dir, start=start, **variables)
    try:
        service.url = service.wait_for_log("listening")["url"]
        yield service
    finally:
        if service._process.poll() is None:
            service.terminate()
        try:
            service.wait()
        except subprocess.TimeoutExpired:
            service.kill()
            raise


async def until(check: Callable[[], Awaitable[T | None]]) -> T:
    """What `check` gives, as soon as that is something."""
    with anyio.fail_after(_TIMEOUT_SECONDS):
        # What is waited for happens in another process, which has no event to wait for.
        while not (found := await check()):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    return found


async def until_journal_holds(service: ServiceProcess, text: str) -> None:
    """Waits until `text`, which a model wrote in one piece, is on the disk."""

    async def held() -> bool:
        return text in service.journal()

    await until(held)


async def recorded_answer(user: User, session_id: str) -> dict[str, Any]:
    """The answer of a session's first lane and turn, when the database holds what it came to; the database may be away until then."""

    async def recorded() -> dict[str, Any] | None:
        response = await user.http.get(f"/playground/sessions/{session_id}")
        assert response.status_code in (200, 503), response.text
        if response.status_code == 503:
            return None
        [turn] = response.json()["turns"]
        answer: dict[str, Any] = turn["answers"][0]
        return answer if turn["finishedAt"] else None

    return await until(recorded)
