"""The resource usage of a process, from Linux's `/proc` (see proc(5))."""

import os
from pathlib import Path
from typing import NamedTuple, Self

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Cpu(NamedTuple):
    """CPU time of a process with all its threads, including ended ones, without its children; seconds."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """Return the total."""
        return self.user + self.system

    @classmethod
    def of(cls, pid: int) -> Self:
        """Until now."""
        fields = _stat(pid)
        return cls(int(fields[11]) * _TICK, int(fields[12]) * _TICK)


class Calls(NamedTuple):
    """How often a process called `read` and `write`, which uvloop uses for its sockets."""

    reads: int
    writes: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Until now."""
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
        counts = dict(line.split(": ") for line in lines)
        return cls(int(counts["syscr"]), int(counts["syscw"]))


def memory(pid: int) -> int:
    """Return the proportional set size in bytes: a memory page that several processes share is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no Pss of process {pid}")


def child(pid: int, name: str) -> int | None:
    """Return the first child process of `pid` whose program is called `name`."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int(_stat(int(folder.name))[1]) == pid and (folder / "cmdline").read_bytes().split(b"\0")[0].endswith(name.encode()):
                    return int(folder.name)
            except (OSError, IndexError):
                continue  # It has just ended.
    return None


def load_average() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def _stat(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the third on: the second, the name in brackets, can contain anything."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
