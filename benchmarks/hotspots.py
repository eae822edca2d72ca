"""Shows where the service spends its CPU time, by function, in a case that is run again under `profiled.py`."""

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
from measure import Cpu
from processes import ProcessFailed
from rich.console import Console
from rich.table import Table
from servers import Servers

_WRITE_SECONDS = 10.0


class Function(msgspec.Struct):
    """A function, and the number of samples in which it was innermost (`own`) or anywhere in the stack (`within`)."""

    function: str
    own: int
    within: int


class Profile(msgspec.Struct):
    """The samples of one run, and the CPU time that they represent in seconds."""

    samples: int = 0
    functions: list[Function] = []
    cpu: float = 0.0

    def seconds(self, samples: int) -> float:
        """Return the CPU time of that many samples."""
        return samples / self.samples * self.cpu


@asynccontextmanager
async def sampling(servers: Servers, out: Path) -> AsyncIterator[Profile]:
    """Sample the service while the block runs; the profile is filled when it ends. The service was started with `profile=out`.

    Raises `ProcessFailed`.
    """
    pid = servers.service.server.pid
    profile = Profile()
    before = Cpu.of(pid)
    os.kill(pid, signal.SIGUSR1)
    yield profile
    os.kill(pid, signal.SIGUSR2)
    profile.cpu = Cpu.of(pid).total - before.total
    taken = await anyio.to_thread.run_sync(_read_when_there, out)
    profile.samples, profile.functions = taken.samples, taken.functions


def _read_when_there(out: Path) -> Profile:
    give_up = time.monotonic() + _WRITE_SECONDS
    while not out.exists():
        if time.monotonic() > give_up:
            raise ProcessFailed("The service wrote no profile.")
        time.sleep(0.05)
    return msgspec.json.decode(out.read_bytes(), type=Profile)


def show(profile: Profile, title: str, units: int, unit: str, console: Console, *, most: int = 25) -> None:
    """Print the functions that cost the most, in µs for each of `units` units (`unit` says of what)."""
    table = Table("function", "own µs", "with what it calls, µs", title=title, title_justify="left", box=None)

    def per_unit(samples: int) -> str:
        return f"{profile.seconds(samples) / units * 1e6:.2f}"

    for function in sorted(profile.functions, key=lambda function: function.own, reverse=True)[:most]:
        table.add_row(function.function, per_unit(function.own), per_unit(function.within))
    table.add_row(f"all, a {unit}", per_unit(profile.samples), "")
    console.print(table)
