"""Measures a server's CPU time per chunk while it streams, and per answer for opening and closing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import anyio
import msgspec
from load import Load
from processes import running_client
from provider import Script
from servers import ProviderControl, Target, Usage

RATE = 50.0
"""Tokens per second and lane, unless bursts are measured."""
_SETTLE_SECONDS = 1.0
"""For work that follows in the background: the journal is written every half second."""
_ANSWER_SECONDS = 180.0


class Shape(msgspec.Struct, frozen=True):
    """The load: `sessions` requests with `lanes` lanes each. The relay only supports one lane per request."""

    sessions: int
    lanes: int

    def __str__(self) -> str:
        return f"{self.sessions} x {self.lanes}"

    def in_words(self) -> str:
        """Return a text such as `25 sessions of 8 lanes`."""
        return f"{self.sessions} sessions of {self.lanes} lane{'' if self.lanes == 1 else 's'}"


class CpuRun(msgspec.Struct):
    """The results of one run. Times are CPU time."""

    server: str
    shape: Shape
    us_per_chunk: float
    system_us_per_chunk: float
    """The kernel's part of it."""
    engine_us_per_chunk: float
    """The CPU time of the query engine, in addition."""
    chunks: int
    seconds: float
    """The wall-clock time of these chunks."""
    chunks_per_read: float
    chunks_per_write: float
    latest_ms: float
    """The provider's largest delay. Many ms mean that the machine was too slow for the rate."""
    ms_per_answer: float
    """For opening and closing one lane: request, recording, accounting."""
    engine_ms_per_answer: float


async def measure(
    provider: ProviderControl,
    target: Target,
    shape: Shape,
    *,
    rate: float | None,
    seconds: float,
    tokens: int,
    around: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> CpuRun:
    """One run. With a `rate`, `seconds` in its middle are measured; without, a burst of `tokens` a lane, from its start to its end.

    `around` is entered for what is measured.
    """
    if rate is not None:
        tokens = round(rate * (seconds + 3 * _SETTLE_SECONDS))
    script = Script(tokens=tokens, rate=rate, gated=True)
    load = Load(target.server.port, target.request(script, shape.lanes), shape.sessions, shape.lanes * tokens, _ANSWER_SECONDS)
    at_start = target.usage()
    async with running_client("load.py", load) as client:
        await client.reaches("opened")
        await anyio.sleep(_SETTLE_SECONDS)
        opened = target.usage()
        if rate is not None:
            await provider.release()
            await anyio.sleep(_SETTLE_SECONDS)
        async with around():
            window = await _Window.start(provider, target)
            if rate is None:
                await provider.release()
                await client.reaches("received")
                seconds = anyio.current_time() - window.started_at
                await anyio.sleep(_SETTLE_SECONDS)
            else:
                await anyio.sleep(seconds)
            streamed, chunks = target.usage(), (await provider.counts()).tokens - window.tokens
        if rate is not None:
            await client.reaches("received")
        received = target.usage()
        latest = (await provider.counts()).latest
        await provider.release()
        await client.reaches("ended")
        await anyio.sleep(_SETTLE_SECONDS)
    ended = target.usage()
    opening_and_closing = [(at_start, opened), (received, ended)]
    answers = shape.sessions * shape.lanes
    return CpuRun(
        server=target.name,
        shape=shape,
        us_per_chunk=_cpu(window.usage, streamed) / chunks * 1e6,
        system_us_per_chunk=(streamed.cpu.system - window.usage.cpu.system) / chunks * 1e6,
        engine_us_per_chunk=(streamed.engine_cpu - window.usage.engine_cpu) / chunks * 1e6,
        chunks=chunks,
        seconds=seconds,
        chunks_per_read=chunks / (streamed.calls.reads - window.usage.calls.reads),
        chunks_per_write=chunks / (streamed.calls.writes - window.usage.calls.writes),
        latest_ms=latest * 1000,
        ms_per_answer=sum(_cpu(*span) for span in opening_and_closing) / answers * 1000,
        engine_ms_per_answer=sum(after.engine_cpu - before.engine_cpu for before, after in opening_and_closing) / answers * 1000,
    )


class _Window(msgspec.Struct):
    """Where a measurement began."""

    usage: Usage
    tokens: int
    started_at: float

    @classmethod
    async def start(cls, provider: ProviderControl, target: Target) -> "_Window":
        tokens = (await provider.counts()).tokens
        return cls(target.usage(), tokens, anyio.current_time())


def _cpu(before: Usage, after: Usage) -> float:
    return after.cpu.total - before.cpu.total
