"""Writes down what runs produce: into the journal at once, into the database when they open and close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync

from playground.errors import Unavailable

from .backlog import Backlog, TurnStore, open_turn
from .journal import STORED_LINE, UNSENT_LINE, Journal, RunJournal, answered_line, written_line
from .plan import RunPlan
from .records import TurnOrphaned, TurnRow

if TYPE_CHECKING:
    from .recovery import Recovery
    from .run import Run

_FLUSH_SECONDS = 0.8
"""Text is at most this old, and the time of a write, when it reaches the disk."""
_HEAD_START_SECONDS = 0.002
"""Of a run's requests: what a loop writes is sent when all that is ready has run, and recording takes the loop a millisecond or two."""
_LONGEST_WAIT_SECONDS = 1.0
"""How long the end of a run waits for the database; after that it goes on in the background."""

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Open:
    """A run that is being recorded: its file, how much of each head is in it, which lanes' ends, and whether it says that it is stored."""

    journal: RunJournal
    saved: dict[int, int] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    stored: bool = False
    stored_saved: bool = False


class Recorder:
    """Records runs. No failure of the store or the disk reaches a run; what the store doesn't take waits in the journal."""

    def __init__(self, task_group: TaskGroup, store: TurnStore, journal: Journal, recovery: Recovery) -> None:
        self._task_group = task_group
        self._store = store
        self._journal = journal
        self._backlog = Backlog(store, journal, recovery)
        self._prepared: dict[str, RunJournal] = {}
        self._open: dict[str, tuple[Run, _Open]] = {}
        # A file has one writer at a time, and none after it is closed.
        self._writing = anyio.Lock()

    async def prepare(self, plan: RunPlan) -> None:
        """Begin the journal of a run that is not open yet. Raises `Unavailable` when the disk takes none."""
        try:
            # An end of the service must not leave a file that nobody knows.
            with anyio.CancelScope(shield=True):
                self._prepared[plan.run_id] = await run_sync(self._journal.begin, TurnRow.of(plan))
        except OSError as error:
            _logger.exception("journal_failed", run_id=plan.run_id)
            raise Unavailable("The disk takes nothing at the moment, so this comparison would not be safe. Try again later.") from error

    def discard(self, plan: RunPlan) -> None:
        """The run that was prepared is not opened, and the store holds nothing of it."""
        journal = self._prepared.pop(plan.run_id)
        journal.close()
        journal.remove()

    def withdraw(self, plan: RunPlan) -> None:
        """The run that was prepared is not opened. What the store holds of it, or gets yet, is deleted in the background."""
        journal = self._prepared.pop(plan.run_id)
        try:
            journal.append(UNSENT_LINE)
        except OSError:  # It ends as one that a crash cut off, then.
            _logger.exception("journal_failed", run_id=plan.run_id)
        journal.close()
        self._backlog.add(journal.path)

    def open(self, run: Run) -> None:
        """Record, in the background, that a run began."""
        self._task_group.start_soon(self._record_opening, run)

    async def _record_opening(self, run: Run) -> None:
        await anyio.sleep(_HEAD_START_SECONDS)
        turn = TurnRow.of(run.plan)
        _logger.info("run_started", run_id=run.id, session_id=turn.session_id, turn=turn.turn, lanes=len(turn.lanes))
        try:
            journal = self._prepared.pop(run.id) if run.id in self._prepared else await run_sync(self._journal.begin, turn)
            opened = _Open(journal)
            self._open[run.id] = run, opened
            await open_turn(self._store, turn)
            opened.stored = True
        except Unavailable:
            _logger.warning("recording_later", run_id=run.id, session_id=turn.session_id)
        except TurnOrphaned:
            _logger.warning("recording_orphaned", run_id=run.id, session_id=turn.session_id)
        except Exception:
            _logger.exception("recording_failed", run_id=run.id, session_id=turn.session_id)
        finally:
            run.opened.set()

    async def close(self, run: Run) -> None:
        """Record what a run came to. Returns when that is in the store, or after a moment: then it waits in the journal."""
        self._task_group.start_soon(self._close, run)
        with anyio.move_on_after(_LONGEST_WAIT_SECONDS):
            await run.recorded.wait()

    async def _close(self, run: Run) -> None:
        await run.opened.wait()
        opened: _Open | None = None
        try:
            if run.id in self._open:
                async with self._writing:
                    _, opened = self._open.pop(run.id)
                    await run_sync(_flush, [(run, opened)])
                    opened.journal.close()
            await self._store_closing(run, opened)
        except Unavailable:
            _logger.warning("recording_later", run_id=run.id, session_id=run.plan.session_id)
            self._later(run, opened)
        except Exception:
            _logger.exception("recording_failed", run_id=run.id, session_id=run.plan.session_id)
            self._later(run, opened)
        finally:
            run.recorded.set()

    def _later(self, run: Run, opened: _Open | None) -> None:
        if opened is None:
            _logger.error("turn_lost", run_id=run.id, session_id=run.plan.session_id)
        else:
            self._backlog.add(opened.journal.path)

    async def _store_closing(self, run: Run, opened: _Open | None) -> None:
        turn = TurnRow.of(run.plan)
        if opened is not None and any(lane.record is None for lane in run.lanes):
            # What a lane wrote that a defect ended stands in the journal alone, and is stored from there as after a crash.
            self._backlog.add(opened.journal.path)
            return
        try:
            if opened is None or not opened.stored:
                await open_turn(self._store, turn)
            await self._store.close_turn(turn, [lane.record for lane in run.lanes if lane.record])
        except TurnOrphaned:
            _logger.warning("recording_orphaned", run_id=run.id, session_id=turn.session_id)
        # The store has it; or its account or session was deleted with everything in it, so nothing of it stays here either.
        if opened is not None:
            opened.journal.remove()

    async def write_on(self) -> None:
        """Save what runs write, and bring what waits into the store, for as long as the service lives."""
        async with anyio.create_task_group() as tasks:
            # Apart: while the store is away, each attempt waits for it, and text must not.
            tasks.start_soon(self._save_written)
            tasks.start_soon(self._backlog.store_on)

    async def _save_written(self) -> None:
        try:
            while True:
                await anyio.sleep(_FLUSH_SECONDS)
                async with self._writing:
                    if self._open:
                        await run_sync(_flush, list(self._open.values()))
        finally:
            # The service ends: runs that ended while their beginning waits for the store are not in their files whole.
            _flush(list(self._open.values()))


def _flush(runs: Sequence[tuple[Run, _Open]]) -> None:
    """Append what is new to each run's file. Runs in a thread: a log only grows, so what is read here is whole."""
    for run, opened in runs:
        try:
            _append_news(run, opened)
        except Exception:  # A full disk or a defect, which must not keep the others' text from theirs.
            # What could not be written does not count as saved, so the next time tries it again.
            _logger.exception("journal_failed", run_id=run.id)


def _append_news(run: Run, opened: _Open) -> None:
    # Looked for before their text is read, which is whole then.
    ended = {lane.plan.position: lane.record for lane in run.lanes if lane.record is not None and lane.plan.position not in opened.answered}
    lines: list[bytes] = []
    saved = dict(opened.saved)
    for lane in run.lanes:
        for head, reasoning in ((lane.answer_head, False), (lane.reasoning_head, True)):
            raw_text = run.log.raw_text(head, saved.get(head, 0)) if head is not None else b""
            if head is not None and raw_text:
                lines.append(written_line(lane.plan.position, reasoning=reasoning, raw_text=raw_text))
                saved[head] = saved.get(head, 0) + len(raw_text)
    stored = opened.stored
    if stored and not opened.stored_saved:
        lines.append(STORED_LINE)
    if lines:
        opened.journal.append(b"".join(lines))
        opened.saved, opened.stored_saved = saved, stored
    if ended:
        # Apart, so that no end can keep text from being saved.
        opened.journal.append(b"".join(map(answered_line, ended.values())))
        opened.answered |= ended.keys()
