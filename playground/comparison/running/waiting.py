"""Reports long waits of a lane: a model may reason without output for minutes, and readers should see that it is still running.

This costs nothing per chunk: a timer checks when the lane last received text, and sets itself again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Self

FIRST_REPORT_SECONDS = 10.0
_NEXT_REPORT_SECONDS = 10.0
"""For short waits; a long wait is reported whenever it has grown by a third."""


class WaitReports:
    """A context that calls `report` with the whole seconds of a wait: after 10 s, and repeatedly while the wait lasts.

    `since` returns when the wait started (monotonic seconds): when the request was sent, or when the last text arrived. `report` is
    called by the event loop and must not block.
    """

    def __init__(self, since: Callable[[], float], report: Callable[[int], None]) -> None:
        self._since = since
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._began = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._look()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        began = self._since()
        if began != self._began:
            self._began, self._due = began, FIRST_REPORT_SECONDS
        waited = time.monotonic() - began
        if waited >= self._due:
            self._report(int(waited))
            self._due = waited + max(_NEXT_REPORT_SECONDS, waited / 3)
        self._timer = self._loop.call_later(max(began + self._due - time.monotonic(), 0.0), self._look)
