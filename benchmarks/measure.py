"""What a process has used, from Linux's `/proc` (see proc(5))."""

import os
from pathlib import Path
from typing import NamedTuple, Self

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Cpu(NamedTuple):
    """Processor time of a process with all of its threads, ended ones too, without its children; seconds."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.user + self.system

    @classmethod
    def of(cls, pid: int) -> Self:
        """Until now."""
        fields = _stat(pid)
        return cls(int(fields[11]) * _TICK, int(fields[12]) * _TICK)


class Calls(NamedTuple):
    """How often a process called `read` and `write`; uvloop reads and writes its sockets with these."""

    reads: int
    writes: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Until now."""
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
        counts = dict(line.split(": ") for line in lines)
        return cls(int(counts["syscr"]), int(counts["syscw"]))


def memory(pid: int) -> int:
    """The proportional set size in bytes: a page that several processes share counts for its part."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no Pss of process {pid}")


def child(pid: int, name: str) -> int | None:
    """The first child process of `pid` whose program is called `name`."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int(_stat(int(folder.name))[1]) == pid and (folder / "cmdline").read_bytes().split(b"\0")[0].endswith(name.encode()):
                    return int(folder.name)
            except (OSError, IndexError):
                continue  # It ended in this moment.
    return None


def load_average() -> float:
    """How many processes wanted a processor, over the last minute."""
    return os.getloadavg()[0]


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the third on: the second, the name in brackets, may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
