"""The query engine's process, and the Prisma client that speaks to it.

The engine is our own program around Prisma's WebAssembly (`engine/query-engine.mjs`), not the native one that the client would find and
start itself. So the client gets a connection to a process that is started, watched and stopped here.
"""

import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import anyio
import anyio.abc
import anyio.to_thread
import structlog
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.text import TextReceiveStream

from playground.database.generated import Prisma
from playground.database.generated.client import PACKAGED_SCHEMA_PATH
from playground.database.prisma_internals import engine_of, give_engine, mend_client
from playground.files import ENGINE
from playground.kit.errors import StartupError
from playground.kit.tasks import alongside, background_tasks

from .connection import EngineConnection
from .node import node

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 2.0
_STATEMENT_TIMEOUT = 25.0
"""PostgreSQL cancels a statement that takes longer. In seconds, like all times here."""
_ANSWER_TIMEOUT = 40.0
"""More than the wait for a connection (5 s, in query-engine.mjs) plus the longest statement: an engine that takes longer is stuck."""
_LOOK_SECONDS = 1.0
_SILENCE = 2.0
"""An engine that is silent for this long without using CPU time hangs. If it uses CPU time, it is converting a long text."""
_NODES_ERROR = re.compile(r"^\w*Error(?: \[\w+\])?: (.+)", re.MULTILINE)
"""Node's message for an uncaught error, between the line that threw it and the stack."""

log = structlog.get_logger()
mend_client()


@dataclass(frozen=True, slots=True)
class Engine:
    """A query engine."""

    client: Prisma
    process: anyio.abc.Process
    ended: anyio.Event = field(default_factory=anyio.Event)
    """Set when the process has ended."""
    last_words: deque[str] = field(default_factory=partial(deque, maxlen=20))

    async def run_script(self, script: str) -> str | None:
        """Run SQL statements in one transaction without a time limit. Return why PostgreSQL refused them; `None`: it didn't."""
        connection = engine_of(self.client)
        assert isinstance(connection, EngineConnection)  # noqa: S101 - from `running_engine`
        return await connection.run_script(script)


@asynccontextmanager
async def running_engine(url: str, pool_size: int) -> AsyncIterator[Engine]:
    """Start a query engine for the database at `url`, with at most `pool_size` connections. Takes about 0.2 s.

    It connects at the first query. It ends with the block, or when this process is killed. Raises `StartupError`.
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
            give_engine(engine.client, EngineConnection(http))
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
    """Kill the engine if it hangs, so that it is replaced."""
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
    """Return the CPU time of a process in user and system ticks; `None` on systems other than Linux."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    # man proc_pid_stat: the name, in brackets, can contain anything.
    return " ".join(stat.rpartition(")")[2].split()[11:13])


async def _greeted(engine: Engine, url: str, pool_size: int) -> aiohttp.ClientSession:
    """Send the engine its configuration, and return where it listens."""
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
            # Not as arguments or environment variables, where other programs could read the password.
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
        # A transaction needs a connection per query while others wait for it to end: a limit here could cause a deadlock.
        # Requests are queued by the engine's pool.
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
