"""All runs of this process: starts and finds them, stops those that no one reads, and removes finished ones."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.lowlevel import cancel_shielded_checkpoint

from playground.comparison.plan import Accountant, RunPlan
from playground.comparison.recording.rows import RowsRefused, TurnRefused
from playground.kit.errors import Conflict, Unavailable
from playground.providers.adapter import ProviderClient

from .observation import Observers, RunObserver
from .run import Run, RunRecorder
from .run_memory import RunMemory

_LOOK_SECONDS = 0.25
_LOOKS_PER_COUNT = 12
_TURNS_TO_SEND = 2
"""Iterations of the event loop in which requests are sent: one for the lanes, one for the tasks that write the requests. The endpoint
waits for them, since starting its response earlier would delay the requests."""

_logger = structlog.get_logger(__name__)


class ShuttingDown(Unavailable):
    """The service no longer accepts new runs."""

    code = "shutting_down"
    title = "The service is shutting down"

    def __init__(self) -> None:
        super().__init__("The service is shutting down and doesn't accept new comparisons. Try again in a moment.", retry_after=5)


class TurnRunning(Conflict):
    """A session has one turn at a time."""

    code = "turn_running"
    title = "A turn of this session is still running"


ONE_AT_A_TIME = "A session can run one turn at a time. Wait for the running turn, join its stream, or stop it."


class Runs:
    """The runs of this process. They run in the application's task group, so that they outlive their connections."""

    def __init__(
        self,
        task_group: TaskGroup,
        client: ProviderClient,
        accountant: Accountant,
        recorder: RunRecorder,
        memory: RunMemory,
        *,
        retention_seconds: float,
        observers: Sequence[RunObserver] = (),
    ) -> None:
        self._task_group = task_group
        self._client = client
        self._accountant = accountant
        self._recorder = recorder
        self._memory = memory
        self._retention_seconds = retention_seconds
        self._observer = Observers(observers)
        self._by_id: dict[str, Run] = {}
        self._running: dict[str, Run] = {}
        """By session."""
        self._beginning: dict[str, anyio.CancelScope] = {}
        """By session: admitted turns that haven't started yet."""
        self._counted_at = 0.0
        """When memory was last counted (monotonic seconds), so that repeated refusals don't cause repeated counts."""
        self._draining = False
        self._idle = anyio.Event()

    @contextmanager
    def admitted(self, plan: RunPlan) -> Iterator[None]:
        """Admit a turn: within the block, which prepares `start`, no other turn of the session is admitted, and shutdown waits.

        Raises `ShuttingDown` (also if the block takes longer than shutdown can wait), `TurnRunning` if another request has started
        this turn since it was planned, and `RunMemoryFull`.
        """
        if self._draining:
            raise ShuttingDown
        newest = None if plan.new_session else self.of_session(plan.session_id)
        if plan.session_id in self._beginning or (newest is not None and newest.plan.turn >= plan.turn):
            raise TurnRunning(ONE_AT_A_TIME)
        if not self._memory.fits(plan) and time.monotonic() - self._counted_at >= _LOOK_SECONDS:
            self._make_room()
        self._memory.add(plan)
        with anyio.CancelScope() as scope:
            self._beginning[plan.session_id] = scope
            try:
                yield
            finally:
                del self._beginning[plan.session_id]
                self._look_whether_idle()
        if scope.cancelled_caught:
            raise ShuttingDown

    @asynccontextmanager
    async def journalled(self, plan: RunPlan) -> AsyncIterator[None]:
        """Journal a run whose rows are written to the database before `start`, so that they are closed after a crash in between.

        Raises `Unavailable` if the journal can't be written.
        """
        await self._recorder.prepare(plan)
        try:
            yield
        except (TurnRefused, RowsRefused):
            self._recorder.discard(plan)
            raise
        except BaseException:  # There was no response, so the rows may or may not be in the database.
            self._recorder.withdraw(plan)
            raise

    async def start(self, plan: RunPlan) -> Run:
        """Start a run that was `admitted`. All its requests are sent before this returns."""
        run = Run(plan, self._client, self._accountant, self._observer)
        self._by_id[run.id] = run
        self._running[plan.session_id] = run
        run.begin(self._task_group)
        self._task_group.start_soon(self._record, run)
        for _ in range(_TURNS_TO_SEND):
            await cancel_shielded_checkpoint()
        return run

    async def _record(self, run: Run) -> None:
        try:
            await run.record(self._recorder)
        except Exception:  # A defect, which must not end other runs.
            _logger.exception("run_lost", run_id=run.id, session_id=run.plan.session_id)
            run.finished_at = time.monotonic()
        finally:
            run.log.close()
            self._observer.run_ended(run)
            del self._running[run.plan.session_id]
            self._look_whether_idle()
        statuses = [lane.record.status for lane in run.lanes if lane.record]
        _logger.info("run_finished", run_id=run.id, session_id=run.plan.session_id, statuses=statuses, events=len(run.log))

    def _look_whether_idle(self) -> None:
        if self._draining and not self._running and not self._beginning:
            self._idle.set()

    @property
    def draining(self) -> bool:
        """Whether new runs are refused, because the service is about to end."""
        return self._draining

    def get(self, run_id: str) -> Run | None:
        """Return a run that is running or recently finished."""
        return self._by_id.get(run_id)

    def of_session(self, session_id: str) -> Run | None:
        """Return the session's newest run, if it is running or recently finished."""
        running = self._running.get(session_id)
        if running is not None:
            return running
        return next((run for run in reversed(self._by_id.values()) if run.plan.session_id == session_id), None)

    def open(self) -> tuple[Run, ...]:
        """Return the running runs."""
        return tuple(self._running.values())

    def readers(self) -> int:
        """Return the number of streams being read now, including those of finished runs."""
        return sum(run.readers for run in self._by_id.values())

    async def watch(self) -> None:
        """Stop abandoned runs and remove old ones, until the service ends."""
        looks = 0
        while True:
            await anyio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for run in self.open():
                if run.is_abandoned(now):
                    run.stop()
            # In the order of their start, which is nearly that of their end.
            for run in tuple(self._by_id.values()):
                if run.finished_at is not None and now - run.finished_at >= self._retention_seconds:
                    del self._by_id[run.id]
            looks += 1
            if looks % _LOOKS_PER_COUNT == 0:
                self._make_room()

    def _make_room(self) -> None:
        """Remove finished runs that exceed the memory budget."""
        self._counted_at = time.monotonic()
        for run in self._memory.count(self._by_id.values()):
            _logger.info("run_left_memory", run_id=run.id, session_id=run.plan.session_id)
            del self._by_id[run.id]

    async def drain(self, grace_seconds: float) -> None:
        """Refuse new runs, let running ones finish for `grace_seconds`, then stop them and wait until they are recorded.

        Admitted turns that haven't started by then are refused.
        """
        self._draining = True
        if not self._running and not self._beginning:
            return
        _logger.info("draining", runs=len(self._running), grace_seconds=grace_seconds)
        with anyio.move_on_after(grace_seconds):
            await self._idle.wait()
        while not self._idle.is_set():
            for run in self.open():
                run.stop()
            for beginning in self._beginning.values():
                beginning.cancel()
            # A turn that was just starting may have to be stopped too.
            with anyio.move_on_after(_LOOK_SECONDS):
                await self._idle.wait()
