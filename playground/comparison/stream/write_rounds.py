"""When new events are sent to readers."""

import asyncio
from typing import Protocol

_PAUSE_SECONDS = 0.005
"""The pause between two write rounds, which is the longest time that a word waits for others under load."""


class Writable(Protocol):
    """Sends new events to a reader."""

    def write(self) -> None:
        """Send all new events now. Must not raise."""


class WriteRounds:
    """Collects the writes to all readers and executes them in rounds, some milliseconds apart.

    A write may have to wake the reading process; of many writes in a row only the first one does. With 200 readers this saved 5 of 21 µs
    of kernel time per chunk. It also puts words from several lanes of one reader into one write. Without load, a write is immediate.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: list[Writable] = []
        self._timer: asyncio.TimerHandle | None = None
        self._wrote_at = 0.0

    def add(self, writer: Writable) -> None:
        """Let `writer` write in the next round, which may be now."""
        if self._timer is None:
            now = self._loop.time()
            if now - self._wrote_at >= _PAUSE_SECONDS:
                self._wrote_at = now
                writer.write()
                return
            self._timer = self._loop.call_at(self._wrote_at + _PAUSE_SECONDS, self._write_all)
        self._due.append(writer)

    def _write_all(self) -> None:
        self._timer = None
        self._wrote_at = self._loop.time()
        due, self._due = self._due, []
        for writer in due:
            writer.write()
