"""Runs `playground` with a sampling profiler, which shows its CPU time by function.

    python benchmarks/profiled.py OUT.json serve

SIGUSR1 begins, SIGUSR2 ends and writes OUT.json. Every 2 ms of the process's processor time (`ITIMER_PROF`) the running stack is
noted, so that unlike with cProfile a function that is called often costs nothing extra. Only the main thread can be seen; time
that threads and the kernel take counts for what the main thread does at that moment.
"""

import dis
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from playground.cli import app

_INTERVAL = 0.002
_RESUME = dis.opmap["RESUME"]


class Sampler:
    """Counts the samples by function: in which it was innermost, and in which it was anywhere in the stack."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._own: Counter[CodeType] = Counter()
        self._within: Counter[CodeType] = Counter()

    def install(self) -> None:
        """Listen to the signals."""
        signal.signal(signal.SIGUSR1, self._begin)
        signal.signal(signal.SIGUSR2, self._end)
        signal.signal(signal.SIGPROF, self._sample)

    def _begin(self, _signal: int, _frame: FrameType | None) -> None:
        self._own.clear()
        self._within.clear()
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL, _INTERVAL)

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        samples = [{"function": _name(code), "own": self._own[code], "within": within} for code, within in self._within.most_common()]
        unfinished = self._out.with_suffix(".part")
        unfinished.write_text(json.dumps({"samples": self._own.total(), "functions": samples}), encoding="utf-8")
        unfinished.rename(self._out)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        # Python handles signals when it begins a function, too: what took the time then is what ran before it, the caller or the loop.
        if frame is not None and frame.f_code.co_code[frame.f_lasti] == _RESUME:
            frame = frame.f_back
        if frame is None:
            return
        self._own[frame.f_code] += 1
        stack = set()
        while frame is not None:
            stack.add(frame.f_code)
            frame = frame.f_back
        self._within.update(stack)


def _name(code: CodeType) -> str:
    path = Path(code.co_filename)
    return f"{'/'.join(path.parts[-2:])}:{code.co_firstlineno} {code.co_qualname}"


if __name__ == "__main__":
    Sampler(Path(sys.argv.pop(1))).install()
    app()
