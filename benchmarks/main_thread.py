"""Measures what a page's main thread does between two moments, from the browser's trace.

`Performance.getMetrics` would be simpler, but its `ScriptDuration` omits microtasks: everything after an `await`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from playwright.async_api import Browser, Page

_CATEGORIES = ["-*", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "v8.execute", "blink.user_timing"]
_TASK = "RunTask"
_SCRIPT = frozenset({"v8.callFunction", "v8.run", "v8.compile", "EvaluateScript", "RunMicrotasks", "MinorGC", "MajorGC"})
_RENDERING = frozenset({"UpdateLayoutTree", "Layout"})
_BEGIN, _END = "measured-from", "measured-to"
_FRAME_WATCH = "watchFrame"

_MARK = f"performance.mark('{_BEGIN}')"
# Without it there are frames only when the page changes, and none to be late. Its own time is not counted.
_WATCH = f"""
    window.watchedFrames = []
    let before = performance.now()
    requestAnimationFrame(function {_FRAME_WATCH}(now) {{
      window.watchedFrames.push(now - before)
      before = now
      requestAnimationFrame({_FRAME_WATCH})
    }})
"""


@dataclass(frozen=True, slots=True)
class Tasks:
    """Durations are in ms of the thread's CPU time, except those by the clock, which include the time of other processes."""

    script: float
    """JavaScript, including garbage collection, without the layout that it forced."""
    work: float
    """All work of the thread: JavaScript, style, layout, painting."""
    longest: float
    longest_by_clock: float
    long: int
    """Number of tasks of more than 50 ms."""
    long_by_clock: int
    forced_layouts: int
    """Number of layouts that JavaScript had to wait for."""


class Measurement:
    """Watches a page between two moments."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.frames: Sequence[float] = ()
        """The times between frames in ms; known at the end."""

    @classmethod
    async def begin(cls, page: Page) -> "Measurement":
        """From now on, frames as well."""
        await _browser(page).start_tracing(page=page, categories=_CATEGORIES)
        await page.evaluate(_WATCH + _MARK)
        return cls(page)

    @classmethod
    async def begin_with(cls, page: Page, address: str) -> "Measurement":
        """From the moment on when that is opened."""
        await _browser(page).start_tracing(page=page, categories=_CATEGORIES)
        await page.add_init_script(_MARK)
        await page.goto(address)
        return cls(page)

    async def end(self, trace_file: Path | None = None) -> Tasks:
        """Until now. The trace is written to that file, which the developer tools of browsers open."""
        self.frames = (await self._page.evaluate(f"performance.mark('{_END}'), window.watchedFrames ?? []"))[1:]
        trace = await _browser(self._page).stop_tracing()
        if trace_file is not None:
            await anyio.Path(trace_file).write_bytes(trace)
        return tasks_of(json.loads(trace)["traceEvents"])


def _browser(page: Page) -> Browser:
    browser = page.context.browser
    if browser is None:
        raise ValueError("The page has no browser of its own, which could trace it.")
    return browser


def tasks_of(events: Sequence[dict[str, Any]]) -> Tasks:
    """Return what the marked thread did between the marks."""
    marks = {event["name"]: event for event in events if event["name"] in (_BEGIN, _END)}
    first, last = marks[_BEGIN], marks[_END]
    spans = sorted(
        (
            event
            for event in events
            if event["ph"] == "X"
            and (event["pid"], event["tid"]) == (first["pid"], first["tid"])
            and first["ts"] <= event["ts"] < last["ts"]
        ),
        key=lambda event: (event["ts"], -event["dur"]),
    )
    tasks = [span for span in spans if span["name"] == _TASK]
    script, forced = _script(spans)
    return Tasks(
        script=script,
        work=sum(task["tdur"] for task in tasks) / 1_000,
        longest=max(task["tdur"] for task in tasks) / 1_000,
        longest_by_clock=max(task["dur"] for task in tasks) / 1_000,
        long=sum(task["tdur"] > 50_000 for task in tasks),
        long_by_clock=sum(task["dur"] > 50_000 for task in tasks),
        forced_layouts=forced,
    )


def _script(spans: Sequence[dict[str, Any]]) -> tuple[float, int]:
    """Return the CPU time of JavaScript in ms, and the number of layouts that it forced."""
    total = 0.0
    forced = 0
    for span, around in _nested(spans):
        name = span["name"]
        in_script = not _SCRIPT.isdisjoint(around)
        if name in _SCRIPT and not in_script:
            total += span["tdur"]
        elif name in _RENDERING and in_script and _RENDERING.isdisjoint(around):
            total -= span["tdur"]
            forced += name == "Layout"
        elif name == "FunctionCall" and in_script and span["args"]["data"].get("functionName") == _FRAME_WATCH:
            total -= span["tdur"]
    return total / 1_000, forced


def _nested(spans: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Sequence[str]]]:
    """Yield each span, with the names of the enclosing ones."""
    names: list[str] = []
    ends: list[float] = []
    for span in spans:
        while ends and ends[-1] <= span["ts"]:
            ends.pop()
            names.pop()
        yield span, names
        names.append(span["name"])
        ends.append(span["ts"] + span["dur"])
