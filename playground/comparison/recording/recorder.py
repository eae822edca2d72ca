"""Records runs: continuously in the journal, and in the database when they open and close."""

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
"""Text reaches the disk after at most this time and the time of a write."""
_HEAD_START_SECONDS = 0.002
"""The head start of a run's requests. The event loop sends data when all ready tasks have run, and recording takes a millisecond or two."""
_LONGEST_WAIT_SECONDS = 1.0
"""How long the end of a run waits for the database; after that, recording continues in the background."""
_AGAIN_SECONDS = 5.0
"""The pause between two attempts to record a run that neither the database nor the disk accepts."""

_logger = structlog.get_logger(__name__)


class Recorder:
    """Records runs. Failures of the store or the disk never reach a run; what the store doesn't accept waits in the journal."""

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

    @property
    def in_progress(self) -> int:
        """How many runs are being recorded."""
        return len(self._open)

    @property
    def waiting(self) -> int:
        """How many runs that are over wait in the journal for the database."""
        return len(self._backlog)

    async def prepare(self, plan: RunPlan) -> None:
        """Create the journal file of a run that is not open yet. Raises `Unavailable` if it can't be written."""
        try:
            # Shutdown must not leave an unknown file.
            with anyio.CancelScope(shield=True):
                self._prepared[plan.run_id] = await run_sync(self._journal.begin, TurnRow.of(plan))
        except OSError as error:
            _logger.exception("journal_failed", run_id=plan.run_id)
            raise Unavailable("The server can't write to its disk now, so this comparison could be lost. Try again later.") from error

    def discard(self, plan: RunPlan) -> None:
        """Delete the file of a prepared run that doesn't start and of which nothing is in the store."""
        journal = self._prepared.pop(plan.run_id)
        journal.close()
        journal.remove()

    def withdraw(self, plan: RunPlan) -> None:
        """Withdraw a prepared run that doesn't start. What the store has of it, or still receives, is deleted in the background."""
        journal = self._prepared.pop(plan.run_id)
        try:
            journal.append(UNSENT_LINE)
        except OSError:  # The file will be treated like one that a crash interrupted.
            _logger.exception("journal_failed", run_id=plan.run_id)
        journal.close()
        self._backlog.add(journal.path)

    def open(self, run: Run) -> None:
        """Record the start of a run in the background."""
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
        except Exception:  # A full disk or a defect. The file is created later, with the first text that can be written.
            _logger.exception("journal_failed", run_id=turn.run_id)
            return None

    async def close(self, run: Run) -> None:
        """Record the results of a run. Returns when they are in the store, or after a moment; then this continues in the background."""
        self._task_group.start_soon(self._close, run)
        with anyio.move_on_after(_LONGEST_WAIT_SECONDS) as wait:
            await run.recorded.wait()
        if wait.cancelled_caught and run.id in self._open:
            await self._save([self._open[run.id]], to_disk=True)

    async def _close(self, run: Run) -> None:
        await run.opened.wait()
        # A run stays open until all of it is stored somewhere: what doesn't fit into its file exists only in memory.
        while not await self._try_to_close(self._open[run.id]):  # noqa: ASYNC110 - it is retried, not waited for
            await anyio.sleep(_AGAIN_SECONDS)

    async def _try_to_close(self, recording: Recording) -> bool:
        """Record the results in the store, or else in the file, which then waits for the store; return whether one of them succeeded."""
        await self._save([recording])
        fully_saved = recording.fully_saved  # Read now, since another task may be saving the file later.
        in_store = await self._in_store(recording)
        if not in_store:
            # `done` will report that the answer is safe, and the file is its only copy.
            await self._save([recording], to_disk=True)
        recording.run.recorded.set()
        if not (in_store or fully_saved):
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
            # The text of a lane that a defect ended is only in the journal, and is stored from there, as after a crash.
            return False
        try:
            if not recording.stored:
                await self._open_late(run, turn)
                recording.stored = True
                # Before it is closed, since a turn that is deleted from now on must not be restored from the file.
                await self._save([recording])
            await self._store.close_turn(turn, [lane.record for lane in run.lanes if lane.record])
        except Unavailable:
            _logger.warning("recording_later", run_id=run.id, session_id=turn.session_id)
            return False
        except Exception:
            _logger.exception("recording_failed", run_id=run.id, session_id=turn.session_id)
            return False
        return True

    async def _open_late(self, run: Run, turn: TurnRow) -> None:
        try:
            await open_turn(self._store, turn)
        except TurnOrphaned:
            # Its account or session was deleted with everything in it, so no text is kept. Closing it still records what it cost.
            _logger.warning("recording_orphaned", run_id=run.id, session_id=turn.session_id)

    async def run_forever(self) -> None:
        """Save new text and store waiting files, until the service ends."""
        async with anyio.create_task_group() as tasks:
            # Separate tasks: while the store is unavailable, each attempt waits for it, and text must not.
            tasks.start_soon(self._save_written)
            tasks.start_soon(self._backlog.run_forever)

    async def _save_written(self) -> None:
        try:
            while True:
                await anyio.sleep(_FLUSH_SECONDS)
                if self._open:
                    await self._save(list(self._open.values()))
        finally:
            # On shutdown, the files of runs that ended while their start was waiting for the store are incomplete.
            with anyio.CancelScope(shield=True):
                await self._save(list(self._open.values()))

    async def _save(self, recordings: Sequence[Recording], *, to_disk: bool = False) -> None:
        async with self._writing:
            # Skip those that were closed while this waited.
            still_open = [recording for recording in recordings if self._open.get(recording.run.id) is recording]
            await run_sync(_save_each, still_open, self._journal, to_disk)


def _save_each(recordings: Sequence[Recording], journal: Journal, to_disk: bool) -> None:
    for recording in recordings:
        try:
            recording.save(journal)
            if to_disk and recording.file is not None:
                recording.file.sync()
        except Exception:  # A full disk or a defect, which must not prevent the other files from being saved.
            _logger.exception("journal_failed", run_id=recording.run.id)
