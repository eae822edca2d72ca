#!/usr/bin/env python3
"""Compares the cost of the service with a bare relay of the same bytes, in one run on this machine.

Starts a provider, a bare relay, the service (with recording and accounting) and clients, all as separate processes on 127.0.0.1.
`python benchmarks/relay.py --help` lists the options; docs/benchmarks.md explains the numbers.
"""

import os
import resource
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import anyio
import msgspec
import typer
from chunks import mean_chunk_bytes
from measure import load_average
from parts import SHAPES, Part, Plan, Results, memory, processor_time, times_to_first_token, what_limits
from processes import ProcessFailed
from report import as_json, show
from rich.console import Console

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

QUICK = Plan(rounds=1, seconds=4, burst_tokens=300, arrival_seconds=10, streams=500)


async def benchmark(plan: Plan, parts: Sequence[Part], profile: bool | None, results: Results) -> None:
    """Measure `parts` one after the other, and print the results. Raises `ProcessFailed`."""
    for part in parts:
        match part:
            case Part.STEADY | Part.BURSTS:
                await processor_time(plan, part, results)
            case Part.FIRST_TOKEN:
                await times_to_first_token(plan, results)
            case Part.MEMORY:
                await memory(plan, results)
    show(results.lines, results.console)
    for note in results.notes:
        results.console.print(f"- {note}")
    missed = {line.key for line in results.lines if line.met is False}
    for part in parts:
        for shape in SHAPES if part in (Part.STEADY, Part.BURSTS) else SHAPES[:1] if part is Part.FIRST_TOKEN else ():
            if profile or (profile is None and missed & {f"{part} {shape}", f"{part} p50"}):
                await what_limits(plan, part, shape, results.console)


@app.command()
def main(
    part: Annotated[list[Part] | None, typer.Option("--part", "-p", help="Measure only this part. Repeat it for several.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One short round each: enough to see that it works, not for reliable numbers.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Number of rounds of relay and service.")] = 3,
    streams: Annotated[int, typer.Option(min=1, help="Open streams whose memory is measured.")] = 500,
    profile: Annotated[
        bool | None,
        typer.Option("--profile/--no-profile", help="Show where the service's CPU time goes. [default: where a target is missed]"),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all numbers to this file.")] = None,
) -> None:
    """Compare the service with a bare relay: CPU time per chunk, time to first token, memory per stream.

    Takes about 15 minutes, or 5 with --quick. Linux only. Exits with 1 if a target is missed.
    """
    _raise_file_limit()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # So that all started processes are ended too.
    plan = QUICK if quick else Plan(rounds=rounds, seconds=10, burst_tokens=1_500, arrival_seconds=30, streams=streams)
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 170)
    console.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}, load average {load_average():.1f} before")
    console.print(f"A chunk is {mean_chunk_bytes():.0f} bytes of OpenAI's JSON with one token in it.")
    results = Results(console)
    try:
        anyio.run(benchmark, plan, part or list(Part), profile, results)
    except ProcessFailed as failure:
        console.print(str(failure), style="red", markup=False)
        raise typer.Exit(2) from None
    console.print(f"load average {load_average():.1f} after")
    if json_file is not None:
        document = {"at": datetime.now(UTC), "machine": machine, "plan": plan, "lines": as_json(results.lines), "runs": results.runs}
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(document)))
    if any(line.met is False for line in results.lines):
        raise typer.Exit(1)


def _raise_file_limit() -> None:
    """A relay has two connections for each stream. What is started here inherits the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    app()
