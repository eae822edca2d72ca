"""Journal files that wait for the database: those of dead processes, and those of turns that the store didn't accept."""

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
"""How late a statement of a dead process may reach the store: the longest pause between two TCP retransmissions (RFC 6298)."""

_logger = structlog.get_logger(__name__)


class TurnStore(Protocol):
    """Stores turns permanently. Each call can safely be repeated, and raises `Unavailable` while the store is unavailable."""

    async def open_turn(self, turn: TurnRow, *, as_next: bool = False) -> None:
        """Store a turn that starts, with its session and lanes.

        `as_next`: store it under the session's next free number and without its idempotency key.
        Raises `TurnOrphaned`, and `TurnRefused` if another turn has its number or key.
        """

    async def close_turn(self, turn: TurnRow, answers: Sequence[AnswerRecord]) -> None:
        """Store the results of a turn."""

    async def withdraw_turn(self, turn: TurnRow) -> None:
        """Delete a turn that was or may have been opened, and its session if it was new and has no other turn."""

    async def healthy(self) -> bool:
        """Return whether the store is available now."""


async def open_turn(store: TurnStore, turn: TurnRow, *, may_be_refused: bool = False) -> None:
    """Store a turn that has started, under another number if necessary, unless it `may_be_refused`.

    Raises `TurnOrphaned`, `Unavailable`.
    """
    try:
        await store.open_turn(turn)
    except TurnOrphaned:
        raise
    except TurnRefused as refused:
        if may_be_refused:
            raise TurnOrphaned(turn.turn_id) from refused
        # Another process started the same turn at the same moment, or the key was used again. Both turns were paid for.
        await store.open_turn(turn, as_next=True)


@dataclass(slots=True)
class _Wait:
    """Until when a file that the store refused is not retried (monotonic seconds), and the length of the pause after that."""

    until: float = 0.0
    then: float = _LOOK_SECONDS

    def lengthen(self) -> None:
        self.until = time.monotonic() + self.then
        self.then = min(self.then * 2, _LONGEST_PAUSE_SECONDS)


class Backlog:
    """Stores waiting journal files, with retries until the store accepts them."""

    def __init__(self, store: TurnStore, journal: Journal, recovery: Recovery) -> None:
        self._store = store
        self._journal = journal
        self._recovery = recovery
        self._waiting: dict[Path, _Wait] = {}

    def __len__(self) -> int:
        """How many files wait."""
        return len(self._waiting)

    def add(self, path: Path) -> None:
        """Add the file of a run that is over. Nothing writes to it any more."""
        self._waiting[path] = _Wait()

    async def run_forever(self) -> None:
        """Store waiting files until the service ends."""
        for path in await run_sync(lambda: list(self._journal.abandoned_files())):
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
                    return  # It is unavailable for the others too.
                _logger.warning("journal_refused", file=path.name, reason="the database failed while it stored this file, and recovered")
            except Exception:
                # It may be accepted later, or someone has to look at it.
                _logger.exception("journal_refused", file=path.name)
            wait.lengthen()

    async def _store_one(self, path: Path, wait: _Wait) -> bool:
        """Store one file; return whether it is done."""
        journalled = await run_sync(read_journal, path)
        if journalled is None:
            return True
        turn = journalled.turn
        if journalled.unsent:
            await self._store.withdraw_turn(turn)
            # A statement sent earlier may still reach the store after this, so it is repeated until that is no longer possible.
            return wait.then > _LATE_SECONDS
        try:
            if not journalled.stored:
                await open_turn(self._store, turn, may_be_refused=journalled.may_be_refused)
        except TurnOrphaned:
            _logger.warning("recording_orphaned", file=path.name)
            if journalled.may_be_refused:
                return True
            # Its text is gone with its account or session. Closing it still records what it cost.
        if not journalled.stored:
            # A turn that is deleted from now on must not be restored from the file.
            await run_sync(mark_stored, path)
        await self._store.close_turn(turn, await self._recovery.answers(journalled))
        _logger.info("recorded_from_journal", run_id=turn.run_id, session_id=turn.session_id)
        return True
