"""All runs of this process: starts and finds them, stops those that no one reads, and removes finished ones."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

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

ONE_AT_A_TIME = "A lane writes one answer at a time. Wait for the running one, join its stream, or stop it."

_logger = structlog.get_logger(__name__)


class ShuttingDown(Unavailable):
    """The service no longer accepts new runs."""

    code = "shutting_down"
    title = "The service is shutting down"

    def __init__(self) -> None:
        super().__init__("The service is shutting down and doesn't accept new comparisons. Try again in a moment.", retry_after=5)


class TurnRunning(Conflict):
    """A lane writes one answer at a time."""

    code = "turn_running"
    title = "A turn of this session is still running"
    example: ClassVar[Mapping[str, Any]] = {"detail": ONE_AT_A_TIME, "runId": "k3v9q2m7x4pd"}

    def __init__(self, detail: str = ONE_AT_A_TIME, *, run_id: str | None = None) -> None:
        super().__init__(detail)
        self.run_id = run_id
        """The run that is in the way."""

    def body(self) -> dict[str, Any]:
        """The members of the problem, `runId` among them where it is known."""
        return super().body() | ({} if self.run_id is None else {"runId": self.run_id})


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
        self._by_session: defaultdict[str, list[Run]] = defaultdict(list)
        """In the order in which they started."""
        self._running: dict[str, Run] = {}
        self._beginning: dict[str, anyio.CancelScope] = {}
        """By run id: admitted runs that haven't started yet."""
        self._busy: dict[str, str] = {}
        """By lane: the id of the run that writes its next answer."""
        self._counted_at = 0.0
        """When memory was last counted (monotonic seconds), so that repeated refusals don't cause repeated counts."""
        self._draining = False
        self._idle = anyio.Event()

    @contextmanager
    def admitted(self, plan: RunPlan) -> Iterator[None]:
        """Admit a run: within the block, which prepares `start`, no other run of its lanes is admitted, and shutdown waits.

        Raises `ShuttingDown` (also if the block takes longer than shutdown can wait), `TurnRunning` and `RunMemoryFull`.
        """
        if self._draining:
            raise ShuttingDown
        lanes = {lane.lane_id for lane in plan.lanes}
        busy = next((self._busy[lane] for lane in lanes if lane in self._busy), None)
        if busy is not None:
            raise TurnRunning(run_id=busy)
        if not self._memory.fits(plan) and time.monotonic() - self._counted_at >= _LOOK_SECONDS:
            self._make_room()
        self._memory.add(plan)
        self._busy |= dict.fromkeys(lanes, plan.run_id)
        with anyio.CancelScope() as scope:
            self._beginning[plan.run_id] = scope
            try:
                yield
            finally:
                del self._beginning[plan.run_id]
                if plan.run_id not in self._running:
                    self._release(plan)
                self._look_whether_idle()
        if scope.cancelled_caught:
            raise ShuttingDown

    def _release(self, plan: RunPlan) -> None:
        for lane in {lane.lane_id for lane in plan.lanes}:
            self._busy.pop(lane, None)

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
        self._by_id[run.id] = self._running[run.id] = run
        self._by_session[plan.session_id].append(run)
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
            del self._running[run.id]
            self._release(run.plan)
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

    def of_session(self, session_id: str) -> tuple[Run, ...]:
        """Return the session's runs that are running or recently finished, the oldest first."""
        return tuple(self._by_session.get(session_id, ()))

    def busy_with(self, lane_id: str) -> Run | None:
        """Return the run that is writing an answer of this lane."""
        return self._running.get(self._busy.get(lane_id, ""))

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
                    self._forget(run)
            looks += 1
            if looks % _LOOKS_PER_COUNT == 0:
                self._make_room()

    def _make_room(self) -> None:
        """Remove finished runs that exceed the memory budget."""
        self._counted_at = time.monotonic()
        for run in self._memory.count(self._by_id.values()):
            _logger.info("run_left_memory", run_id=run.id, session_id=run.plan.session_id)
            self._forget(run)

    def _forget(self, run: Run) -> None:
        del self._by_id[run.id]
        of_session = self._by_session[run.plan.session_id]
        of_session.remove(run)
        if not of_session:
            del self._by_session[run.plan.session_id]

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
