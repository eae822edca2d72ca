"""The query engine's process, and the Prisma client that speaks to it.

The engine is our own program around Prisma's WebAssembly (`engine/query-engine.mjs`), not the native one that the client would look for
and start by itself. So the client gets a connection to a process that is started, watched and stopped here.
"""

import atexit
import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import anyio.abc
import anyio.to_thread
import structlog
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.text import TextReceiveStream

from playground.database.generated import Prisma
from playground.database.generated._types import Method
from playground.database.generated.client import PACKAGED_SCHEMA_PATH
from playground.database.generated.engine import AsyncQueryEngine
from playground.database.generated.engine.errors import NotConnectedError
from playground.database.prisma_internals import mend_client
from playground.files import ENGINE
from playground.kit.errors import StartupError
from playground.kit.tasks import alongside, background_tasks

from .node import node

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 2.0
_STATEMENT_TIMEOUT = 25.0
"""PostgreSQL ends a statement that takes longer. Seconds, as all here."""
_ANSWER_TIMEOUT = 40.0
"""Longer than the wait for a connection (5 s, in query-engine.mjs) and the longest statement: an engine that takes longer is stuck."""
_LOOK_SECONDS = 1.0
_SILENCE = 2.0
"""An engine that says nothing for so long and takes no processor time meanwhile hangs. One that takes some has much text to convert."""
_NODES_ERROR = re.compile(r"^\w*Error(?: \[\w+\])?: (.+)", re.MULTILINE)
"""How Node tells what ended a program, between the line that threw it and the stack."""

log = structlog.get_logger()
mend_client()


class EngineStuck(Exception):
    """The query engine took longer to answer than anything may take."""


class _Connection(AsyncQueryEngine):
    """The client's connection to an engine whose process is not the client's business.

    It uses aiohttp in the place of the client's httpx, which costs five times as much processor time for a query.
    """

    def __init__(self, http: aiohttp.ClientSession) -> None:
        super().__init__(dml_path=PACKAGED_SCHEMA_PATH)
        atexit.unregister(self.stop)
        self._http = http

    async def request(
        self,
        method: Method,
        path: str,
        *,
        content: str | None = None,
        headers: dict[str, str] | None = None,
        parse_response: bool = True,
    ) -> Any:  # noqa: ANN401  (as the class that is derived from)
        """The engine's answer to one call. Raises `aiohttp.ClientError` or `EngineStuck` when there is none, else the client's errors."""
        if self._http.closed:
            raise NotConnectedError("This query engine has ended")
        # A file, since aiohttp writes long bytes at one go.
        body = None if content is None else BytesIO(content.encode())
        try:
            async with self._http.request(method, path, data=body, headers=headers) as response:
                answer = await response.json() if parse_response else await response.text()
        except TimeoutError as error:
            raise EngineStuck from error
        if not parse_response:
            return answer
        return self._process_response_data(data=answer, response=response)  # type: ignore[arg-type]  # It reads nothing but the status.

    async def run_script(self, script: str) -> str | None:
        """`Engine.run_script`."""
        async with self._http.post("/script", json={"script": script}, timeout=aiohttp.ClientTimeout(total=None)) as response:
            answer: dict[str, str] = await response.json()
        return answer.get("failure")

    def stop(self, *, timeout: timedelta | None = None) -> None:
        """Nothing: `running_engine` ends the process and closes the connection. The client's own way starts a task that nobody awaits."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A query engine that was running when this was made."""

    client: Prisma
    process: anyio.abc.Process
    ended: anyio.Event = field(default_factory=anyio.Event)
    """Set when the process has ended."""
    last_words: deque[str] = field(default_factory=partial(deque, maxlen=20))

    async def run_script(self, script: str) -> str | None:
        """Run statements of SQL as one transaction, for as long as they take. Returns why PostgreSQL refused them; `None`: it didn't."""
        connection = self.client._engine  # noqa: SLF001  (where `running_engine` put it)
        assert isinstance(connection, _Connection)  # noqa: S101 - as above
        return await connection.run_script(script)


@asynccontextmanager
async def running_engine(url: str, pool_size: int) -> AsyncIterator[Engine]:
    """A query engine for the database at `url`, with at most `pool_size` connections to it. Takes about 0.2 s.

    It does not connect before the first query. It ends with the block, and by itself when we are killed. Raises `StartupError`.
    """
    program = await anyio.to_thread.run_sync(node)
    try:
        process = await anyio.open_process([program, ENGINE])
    except OSError as error:
        raise StartupError(f"Node could not be started: {error}") from error
    engine = Engine(Prisma(use_dotenv=False), process)
    try:
        async with alongside(partial(_attend, engine)):
            http = await _greeted(engine, url, pool_size)
            engine.client._engine = _Connection(http)  # noqa: SLF001  (the client's only way to take an engine)
            try:
                async with background_tasks() as tasks:
                    tasks.start_soon(_watch, engine, http)
                    yield engine
            finally:
                with anyio.CancelScope(shield=True):
                    await http.close()
    finally:
        await _stop(engine.process)


async def _attend(engine: Engine, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    assert engine.process.stderr is not None  # noqa: S101 - it was asked for
    task_status.started()
    unfinished = ""
    async for text in TextReceiveStream(engine.process.stderr, errors="replace"):
        *lines, unfinished = (unfinished + text).split("\n")
        for line in lines:
            engine.last_words.append(line)
            log.warning("the query engine says", line=line)
    await engine.process.wait()
    engine.ended.set()


async def _watch(engine: Engine, http: aiohttp.ClientSession) -> None:
    """Kill the engine when it hangs, so that another takes its place."""
    while not engine.ended.is_set():
        await anyio.sleep(_LOOK_SECONDS)
        taken = _processor_time(engine.process.pid)
        try:
            with anyio.fail_after(_SILENCE):
                async with http.get("/status"):
                    pass
        except aiohttp.ClientError:  # It ended, or ends.
            continue
        except TimeoutError:
            hangs = taken is not None and _processor_time(engine.process.pid) == taken
            if hangs and engine.process.returncode is None:
                log.warning("the query engine hangs and is killed", silent_seconds=_SILENCE)
                engine.process.kill()


def _processor_time(pid: int) -> str | None:
    """What a process has taken of it, in ticks of the user's and the system's; `None` where only Linux could tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    # man proc_pid_stat: the name, in brackets, may hold anything.
    return " ".join(stat.rpartition(")")[2].split()[11:13])


async def _greeted(engine: Engine, url: str, pool_size: int) -> aiohttp.ClientSession:
    """Tells the engine what it has to know, and learns where it listens."""
    assert engine.process.stdin is not None  # noqa: S101 - it was asked for
    assert engine.process.stdout is not None  # noqa: S101 - it was asked for
    secret = secrets.token_urlsafe(32)
    settings = {
        "url": url,
        "poolSize": pool_size,
        "statementTimeout": int(_STATEMENT_TIMEOUT * 1000),
        "datamodel": str(PACKAGED_SCHEMA_PATH),
        "secret": secret,
    }
    try:
        with anyio.fail_after(_START_TIMEOUT):
            # Not in its arguments or environment, where other programs could read the password.
            await engine.process.stdin.send(json.dumps(settings).encode() + b"\n")
            answer = await BufferedByteReceiveStream(engine.process.stdout).receive_until(b"\n", 1024)
    except (anyio.IncompleteRead, anyio.BrokenResourceError, TimeoutError) as error:
        with anyio.move_on_after(1):
            await engine.ended.wait()
        raise StartupError(f"The query engine did not start: {_reason(engine)}") from error
    return aiohttp.ClientSession(
        # Not "localhost", which may be ::1 first.
        f"http://127.0.0.1:{json.loads(answer)['port']}",
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        timeout=aiohttp.ClientTimeout(total=_ANSWER_TIMEOUT),
        # A transaction needs a connection for each of its queries while others wait for its end: a limit here could be a deadlock.
        # The queue is the engine's pool.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        raise_for_status=True,
    )


def _reason(engine: Engine) -> str:
    words = "\n".join(engine.last_words).strip()
    error = _NODES_ERROR.search(words)
    reason = error[1] if error else words or "it printed nothing."
    return f"{reason}\nRun `make setup` first." if "MODULE_NOT_FOUND" in words else reason


async def _stop(process: anyio.abc.Process) -> None:
    with anyio.CancelScope(shield=True):
        if process.stdin is not None:
            await process.stdin.aclose()
        with anyio.move_on_after(_STOP_TIMEOUT):
            await process.wait()
        if process.returncode is None:
            process.kill()
        await process.aclose()
