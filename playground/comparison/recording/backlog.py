"""What waits in the journal: files of processes that are gone, and what the store did not take when it came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio
import structlog
from anyio.to_thread import run_sync

from playground.comparison.plan import AnswerRecord
from playground.kit.errors import Unavailable

from .journal import Journal, mark_stored, read_journal
from .rows import TurnOrphaned, TurnRefused, TurnRow

if TYPE_CHECKING:
    from .recovery import Recovery

_LOOK_SECONDS = 0.8
_LONGEST_PAUSE_SECONDS = 600.0
_LATE_SECONDS = 120.0
"""How late a statement may reach the store when whoever sent it is gone: the longest pause of TCP between two attempts (RFC 6298)."""

_logger = structlog.get_logger(__name__)


class TurnStore(Protocol):
    """Where turns are kept in the end. Each call may be repeated without harm, and raises `Unavailable` while the store is away."""

    async def open_turn(self, turn: TurnRow, *, as_next: bool = False) -> None:
        """Keep a turn that begins, with its session and lanes.

        `as_next`: under the next free number of the session, whatever its own, and without its idempotency key.
        Raises `TurnOrphaned`, and `TurnRefused` when another turn has its number or its key.
        """

    async def close_turn(self, turn: TurnRow, answers: Sequence[AnswerRecord]) -> None:
        """Keep what a turn came to."""

    async def withdraw_turn(self, turn: TurnRow) -> None:
        """Keep nothing of a turn that was opened, or may have been; nor its session when that was new and has no other."""

    async def healthy(self) -> bool:
        """Whether the store is there at this moment."""


async def open_turn(store: TurnStore, turn: TurnRow, *, may_be_refused: bool = False) -> None:
    """Keep a turn that has begun, whatever it is called in the end, unless it `may_be_refused`. Raises `TurnOrphaned`, `Unavailable`."""
    try:
        await store.open_turn(turn)
    except TurnOrphaned:
        raise
    except TurnRefused as refused:
        if may_be_refused:
            raise TurnOrphaned(turn.turn_id) from refused
        # Another process began the same turn of the session in the same moment, or the key was used again. Both were paid for.
        await store.open_turn(turn, as_next=True)


@dataclass(slots=True)
class _Wait:
    """Until when a file is left alone that the store refused (monotonic seconds), and for how long after the next time."""

    until: float = 0.0
    then: float = _LOOK_SECONDS

    def lengthen(self) -> None:
        self.until = time.monotonic() + self.then
        self.then = min(self.then * 2, _LONGEST_PAUSE_SECONDS)


class Backlog:
    """Brings what waits into the store, again and again until it is there."""

    def __init__(self, store: TurnStore, journal: Journal, recovery: Recovery) -> None:
        self._store = store
        self._journal = journal
        self._recovery = recovery
        self._waiting: dict[Path, _Wait] = {}

    def add(self, path: Path) -> None:
        """A file of a run that is over. It has no writer any more."""
        self._waiting[path] = _Wait()

    async def store_on(self) -> None:
        """For as long as the service lives."""
        for path in await run_sync(lambda: list(self._journal.left_behind())):
            self.add(path)
        while True:
            await self._store_waiting()
            await anyio.sleep(_LOOK_SECONDS)

    async def _store_waiting(self) -> None:
        now = time.monotonic()
        for path in sorted(path for path, wait in self._waiting.items() if wait.until <= now):
            wait = self._waiting[path]
            try:
                if await self._store_one(path, wait):
                    await run_sync(path.unlink)
                    del self._waiting[path]
                    continue
            except Unavailable:
                if not await self._store.healthy():
                    return  # It is away for the others too.
                _logger.warning("journal_refused", file=path.name, reason="the store went away at it, and came back")
            except Exception:
                # It may be taken later, or a person has to look at it.
                _logger.exception("journal_refused", file=path.name)
            wait.lengthen()

    async def _store_one(self, path: Path, wait: _Wait) -> bool:
        """Whether the file is done with."""
        journalled = await run_sync(read_journal, path)
        if journalled is None:
            return True
        turn = journalled.turn
        if journalled.unsent:
            await self._store.withdraw_turn(turn)
            # What was sent to the store before may come after this, so it is done until that can't be any more.
            return wait.then > _LATE_SECONDS
        try:
            if not journalled.stored:
                await open_turn(self._store, turn, may_be_refused=journalled.may_be_refused)
                # What is deleted from now on must not come back out of the file.
                await run_sync(mark_stored, path)
            await self._store.close_turn(turn, await self._recovery.answers(journalled))
        except TurnOrphaned:
            _logger.warning("recording_orphaned", file=path.name)
        else:
            _logger.info("recorded_from_journal", run_id=turn.run_id, session_id=turn.session_id)
        return True
