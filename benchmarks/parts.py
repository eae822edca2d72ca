"""The parts of the benchmark: each starts its own servers, measures relay and service in turn, and adds to the results."""

import statistics
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import cpu
import first_token
import footprint
import hotspots
from cpu import RATE, CpuRun, Shape
from first_token import FirstTokens
from report import Line, Target
from rich.console import Console
from servers import Servers

LANES = 200
SHAPES = (Shape(LANES, 1), Shape(LANES // 8, 8))
"""The first has as many client connections as the relay for the same lanes; the second is a typical comparison."""
LANES_FOR_FIRST_TOKENS = 50
BUSY_CHUNKS_PER_READ = 1.15
"""At 50 tokens/s, each token is read separately. If reads contain more, the process was too busy to read them immediately."""


class Part(StrEnum):
    """The parts that can be measured."""

    STEADY = "steady"
    BURSTS = "bursts"
    FIRST_TOKEN = "first-token"  # noqa: S105 - of an answer
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: float
    """Of streaming at a steady rate, in each round."""
    burst_tokens: int
    """A lane, in each round."""
    arrival_seconds: float
    streams: int


@dataclass(slots=True)
class Results:
    """The results."""

    console: Console
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runs: dict[str, object] = field(default_factory=dict)
    """The measurements of each run, by part."""

    def begin(self, what: str) -> None:
        """Print what is being measured."""
        self.console.print(f"  {what}", style="dim")


@asynccontextmanager
async def servers(*, profile: bool = False) -> AsyncIterator[tuple[Servers, Path]]:
    """All servers, freshly started, and the file that a profile goes to. Raises `ProcessFailed`."""
    with tempfile.TemporaryDirectory(prefix="playground-bench-") as folder:
        out = Path(folder) / "profile.json"
        async with Servers.open(Path(folder), profile=out if profile else None) as started:
            yield started, out


async def processor_time(plan: Plan, part: Part, results: Results) -> None:
    """Measure the CPU time per chunk, in bursts or at a steady rate."""
    rate = RATE if part is Part.STEADY else None
    runs: dict[tuple[str, Shape], list[CpuRun]] = {}
    async with servers() as (started, _):
        for number in range(plan.rounds):
            for target, shape in ((started.relay, SHAPES[0]), *((started.service, shape) for shape in SHAPES)):
                results.begin(f"{part}, round {number + 1} of {plan.rounds}: {target.name}, {shape} lanes")
                run = await cpu.measure(started.provider, target, shape, rate=rate, seconds=plan.seconds, tokens=plan.burst_tokens)
                runs.setdefault((target.name, shape), []).append(run)
    what = f"CPU per chunk at {RATE:g} tokens/s" if rate else "CPU per chunk in bursts"
    relay = [run.us_per_chunk for run in runs["relay", SHAPES[0]]]
    for shape in SHAPES:
        service = [run.us_per_chunk for run in runs["service", shape]]
        results.lines.append(
            Line(f"{part} {shape}", f"{what}, {shape.in_words()}", "µs", service, relay, Target(1.2, ratio=True) if rate else Target(10))
        )
    for (name, shape), each in runs.items():
        results.notes.append(_note(part, name, shape, each))
        if rate and _median(each, lambda run: run.chunks_per_read) > BUSY_CHUNKS_PER_READ:
            results.notes.append(
                f"{name} {shape} read several tokens at a time: it or the machine was too busy, which makes its number look better"
            )
    results.runs[part] = [run for each in runs.values() for run in each]


def _note(part: Part, name: str, shape: Shape, runs: list[CpuRun]) -> str:
    def median(number: Callable[[CpuRun], float]) -> str:
        return f"{_median(runs, number):.1f}"

    text = (
        f"{part}, {name} {shape}: {median(lambda run: run.chunks_per_read)} chunks a read, "
        f"{median(lambda run: run.chunks_per_write)} a write; "
        f"the kernel's part of the CPU is {median(lambda run: run.system_us_per_chunk)} µs per chunk; "
        f"opening and closing take {median(lambda run: run.ms_per_answer)} ms per answer"
    )
    if name == "service":
        text += (
            f", and {median(lambda run: run.engine_ms_per_answer)} ms of the query engine's CPU, "
            f"which takes {median(lambda run: run.engine_us_per_chunk)} µs per chunk while streaming"
        )
    if part is Part.STEADY:
        text += f"; the provider was late by {max(run.latest_ms for run in runs):.0f} ms at worst"
    return text


def _median(runs: list[CpuRun], number: Callable[[CpuRun], float]) -> float:
    return statistics.median(map(number, runs))


async def times_to_first_token(plan: Plan, results: Results) -> None:
    """Measure the time that each server adds to the first token, compared with direct requests to the provider."""
    taken: dict[str, list[FirstTokens]] = {"relay": [], "service": []}
    async with servers() as (started, _):
        for number in range(plan.rounds):
            # One after the other: both at once would be twice as many lanes on the same processors.
            for server in (started.relay, started.service):
                results.begin(f"first tokens, round {number + 1} of {plan.rounds}: {server.name}")
                taken[server.name].append(
                    await first_token.measure(started.direct, server, lanes=LANES_FOR_FIRST_TOKENS, seconds=plan.arrival_seconds)
                )
    for percent, target in ((50, Target(3)), (99, None)):
        relay, service = ([each.added(percent) for each in taken[name]] for name in ("relay", "service"))
        title = f"time to first token added at {LANES_FOR_FIRST_TOKENS} lanes, p{percent}"
        results.lines.append(Line(f"{Part.FIRST_TOKEN} p{percent}", title, "ms", service, relay, target))
    beyond = [service.added(50) - relay.added(50) for relay, service in zip(taken["relay"], taken["service"], strict=True)]
    results.lines.append(Line(f"{Part.FIRST_TOKEN} beyond", "of the p50, what the relay does not add", "ms", beyond, target=Target(3)))
    direct = statistics.median(each.direct_ms for each in taken["service"])
    results.notes.append(
        f"{Part.FIRST_TOKEN}: {sum(len(each.through) for each in taken['service'])} requests to each; asked directly, the provider's "
        f"first token arrives {direct:.2f} ms (p50) after it was sent, which is taken off all numbers"
    )
    results.runs[Part.FIRST_TOKEN] = taken


async def memory(plan: Plan, results: Results) -> None:
    """Measure the memory of open streams. Each round has fresh servers, because used memory is rarely released."""
    taken: dict[str, list[footprint.Footprint]] = {"relay": [], "service": []}
    for number in range(plan.rounds):
        async with servers() as (started, _):
            for server in (started.relay, started.service):
                results.begin(f"memory, round {number + 1} of {plan.rounds}: {server.name}, {plan.streams} streams")
                taken[server.name].append(await footprint.measure(started.provider, server, streams=plan.streams))
    relay, service = ([each.bytes_per_stream / 1024 for each in taken[name]] for name in ("relay", "service"))
    results.lines.append(Line("memory stream", f"memory per open stream at {plan.streams} streams", "KB", service, relay, Target(64)))
    events = [each.bytes_per_event for each in taken["service"]]
    results.lines.append(Line("memory event", "memory per event, beyond its text", "bytes", events, target=Target(32)))
    results.runs[Part.MEMORY] = taken


async def what_limits(plan: Plan, part: Part, shape: Shape, console: Console) -> None:
    """Print where the service spends its CPU time in a case, which is run again with a sampling profiler."""
    async with servers(profile=True) as (started, out):
        if part is Part.FIRST_TOKEN:
            async with hotspots.sampling(started, out) as profile:
                taken = await first_token.measure(
                    started.direct, started.service, lanes=LANES_FOR_FIRST_TOKENS, seconds=plan.arrival_seconds
                )
            hotspots.show(profile, f"{part}: the service's CPU, streaming included", len(taken.through), "answer", console)
            return
        rate = RATE if part is Part.STEADY else None
        profile = hotspots.Profile()

        @asynccontextmanager
        async def around() -> AsyncIterator[None]:
            nonlocal profile
            async with hotspots.sampling(started, out) as profile:
                yield

        run = await cpu.measure(
            started.provider, started.service, shape, rate=rate, seconds=plan.seconds, tokens=plan.burst_tokens, around=around
        )
        hotspots.show(profile, f"{part}, {shape} lanes: the service's CPU", run.chunks, "chunk", console)
