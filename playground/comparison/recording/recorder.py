"""Writes down what runs produce: into the journal at once, into the database when they open and close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync

from playground.comparison.plan import RunPlan
from playground.kit.errors import Unavailable

from .backlog import Backlog, TurnStore, open_turn
from .journal import UNSENT_LINE, Journal, RunJournal
from .rows import TurnOrphaned, TurnRow
from .run_file import Recording

if TYPE_CHECKING:
    from playground.comparison.running.run import Run

    from .recovery import Recovery

_FLUSH_SECONDS = 0.8
"""Text is at most this old, and the time of a write, when it reaches the disk."""
_HEAD_START_SECONDS = 0.002
"""Of a run's requests: what a loop writes is sent when all that is ready has run, and recording takes the loop a millisecond or two."""
_LONGEST_WAIT_SECONDS = 1.0
"""How long the end of a run waits for the database; after that it goes on in the background."""
_AGAIN_SECONDS = 5.0
"""Between two attempts to record a run that neither the database nor the disk takes."""

_logger = structlog.get_logger(__name__)


class Recorder:
    """Records runs. No failure of the store or the disk reaches a run; what the store doesn't take waits in the journal."""

    def __init__(self, task_group: TaskGroup, store: TurnStore, journal: Journal, recovery: Recovery) -> None:
        self._task_group = task_group
        self._store = store
        self._journal = journal
        self._backlog = Backlog(store, journal, recovery)
        self._prepared: dict[str, RunJournal] = {}
        self._open: dict[str, Recording] = {}
        """By run."""
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
        file = self._prepared.pop(run.id, None) or await self._begun(turn)
        recording = self._open[run.id] = Recording(run, file)
        try:
            await open_turn(self._store, turn)
            recording.stored = True
        except Unavailable:
            _logger.warning("recording_later", run_id=run.id, session_id=turn.session_id)
        except TurnOrphaned:
            _logger.warning("recording_orphaned", run_id=run.id, session_id=turn.session_id)
        except Exception:
            _logger.exception("recording_failed", run_id=run.id, session_id=turn.session_id)
        finally:
            run.opened.set()

    async def _begun(self, turn: TurnRow) -> RunJournal | None:
        try:
            return await run_sync(self._journal.begin, turn)
        except Exception:  # A full disk or a defect: it is begun with the first text for which there is room.
            _logger.exception("journal_failed", run_id=turn.run_id)
            return None

    async def close(self, run: Run) -> None:
        """Record what a run came to. Returns when that is in the store, or after a moment: then it goes on in the background."""
        self._task_group.start_soon(self._close, run)
        with anyio.move_on_after(_LONGEST_WAIT_SECONDS) as wait:
            await run.recorded.wait()
        if wait.cancelled_caught and run.id in self._open:
            await self._save([self._open[run.id]], to_disk=True)

    async def _close(self, run: Run) -> None:
        await run.opened.wait()
        # A run is kept until there is a place for all of it: what does not fit into its file is nowhere else.
        while not await self._closed(self._open[run.id]):  # noqa: ASYNC110 - it is tried again, not waited for
            await anyio.sleep(_AGAIN_SECONDS)

    async def _closed(self, recording: Recording) -> bool:
        """Whether the store holds what the run came to, or else its file, which waits for the store then."""
        await self._save([recording])
        whole = recording.whole  # Another may be saving it when it is asked for next.
        in_store = await self._in_store(recording)
        if not in_store:
            # What comes next says that the answer is safe, and the file is all that there is of it.
            await self._save([recording], to_disk=True)
        recording.run.recorded.set()
        if not (in_store or whole):
            return False
        async with self._writing:
            del self._open[recording.run.id]
            if recording.file is not None:
                recording.file.close()
                if in_store:
                    recording.file.remove()
                else:
                    self._backlog.add(recording.file.path)
        return True

    async def _in_store(self, recording: Recording) -> bool:
        run, turn = recording.run, TurnRow.of(recording.run.plan)
        if any(lane.record is None for lane in run.lanes):
            # What a lane wrote that a defect ended stands in the journal alone, and is stored from there as after a crash.
            return False
        try:
            if not recording.stored:
                await open_turn(self._store, turn)
                recording.stored = True
                # Before it is closed: what is deleted from now on must not come back out of the file.
                await self._save([recording])
            await self._store.close_turn(turn, [lane.record for lane in run.lanes if lane.record])
        except Unavailable:
            _logger.warning("recording_later", run_id=run.id, session_id=turn.session_id)
            return False
        except TurnOrphaned:
            # Its account or session was deleted with everything in it, so nothing of it stays here either.
            _logger.warning("recording_orphaned", run_id=run.id, session_id=turn.session_id)
        except Exception:
            _logger.exception("recording_failed", run_id=run.id, session_id=turn.session_id)
            return False
        return True

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
                if self._open:
                    await self._save(list(self._open.values()))
        finally:
            # The service ends: runs that ended while their beginning waits for the store are not in their files whole.
            with anyio.CancelScope(shield=True):
                await self._save(list(self._open.values()))

    async def _save(self, recordings: Sequence[Recording], *, to_disk: bool = False) -> None:
        async with self._writing:
            # Without those that were closed while this waited.
            still_open = [recording for recording in recordings if self._open.get(recording.run.id) is recording]
            await run_sync(_save_each, still_open, self._journal, to_disk)


def _save_each(recordings: Sequence[Recording], journal: Journal, to_disk: bool) -> None:
    for recording in recordings:
        try:
            recording.save(journal)
            if to_disk and recording.file is not None:
                recording.file.sync()
        except Exception:  # A full disk or a defect, which must not keep the others' text from theirs.
            _logger.exception("journal_failed", run_id=recording.run.id)
