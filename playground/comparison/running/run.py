"""A running turn: all its lanes at once, one event log, and its readers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Protocol

import structlog
from anyio.abc import TaskGroup
from msgspec import UNSET

from playground.comparison.plan import Accountant, LanePlan, RunPlan
from playground.comparison.stream.event_log import EventLog
from playground.comparison.stream.events import DoneEvent, SessionEvent, SessionLane, encode
from playground.comparison.stream.subscription import Subscription
from playground.kit.tasks import Occurrence
from playground.kit.wire import money
from playground.providers.adapter import ProviderClient

from .lane import Lane
from .observation import RunObserver

_FIRST_READER_SECONDS = 10.0

_logger = structlog.get_logger(__name__)


class RunRecorder(Protocol):
    """Records runs. The implementation is in `recording/`, so that a run knows neither the journal nor the database."""

    async def prepare(self, plan: RunPlan) -> None:
        """Create the journal file of a run that has not started. Raises `Unavailable` if that fails."""

    def discard(self, plan: RunPlan) -> None:
        """Delete the prepared file: the run doesn't start, and nothing of it is in the database."""

    def withdraw(self, plan: RunPlan) -> None:
        """Close the prepared file: the run doesn't start, and parts of it may be in the database."""

    def open(self, run: "Run") -> None:
        """Record the texts of a run's lanes in the background."""

    async def close(self, run: "Run") -> None:
        """Record the results of the run. Returns when they are in the database, or on disk until they are."""


class Run:
    """One run. It belongs to the process, not to a reader's connection."""

    def __init__(self, plan: RunPlan, client: ProviderClient, accountant: Accountant, observer: RunObserver) -> None:
        self.plan = plan
        self._observer = observer
        self.log = EventLog(plan.run_id)
        self.lanes = tuple(Lane(lane, self.log, client, accountant) for lane in plan.lanes)
        self.unread_since: float | None = time.monotonic()
        """Since when the run has had no reader (monotonic seconds); `None` while it has one."""
        self.finished_at: float | None = None
        """When the last event was written (monotonic seconds)."""
        self.opened = Occurrence()
        """Its start is in the database, or can't be stored now."""
        self.recorded = Occurrence()
        """Its results are in the database, or wait for it in the journal."""
        self.began_at = 0.0
        """When the requests were sent (monotonic seconds)."""
        self._lanes_left = len(self.lanes)
        self._lanes_over = Occurrence()
        self._readers = 0
        self._was_read = False
        self._kept_until = 0.0
        """Until when it may continue without a reader (monotonic seconds)."""

    @property
    def id(self) -> str:
        """Return the run's id, with which the id of each of its events starts."""
        return self.plan.run_id

    @property
    def readers(self) -> int:
        """Return the number of its readers now."""
        return self._readers

    def begin(self, tasks: TaskGroup) -> None:
        """Start all lanes, each as a task of `tasks`. In a task group of their own they would start an event loop iteration later."""
        plan = self.plan
        self.began_at = time.monotonic()
        self.log.append(
            encode(
                SessionEvent(
                    plan.session_id,
                    plan.turn,
                    tuple(map(_introduced, plan.lanes)),
                )
            )
        )
        for lane in self.lanes:
            tasks.start_soon(self._run_lane, lane)

    async def _run_lane(self, lane: Lane) -> None:
        try:
            await lane.run()
        except Exception:  # A defect, which must end neither the other lanes nor other runs.
            _logger.exception("lane_lost", run_id=self.id, lane=lane.plan.position, model=lane.plan.model)
        finally:
            self._lanes_left -= 1
            if not self._lanes_left:
                self._lanes_over.set()
        if lane.record is not None:
            self._observer.lane_ended(self, lane)

    async def record(self, recorder: RunRecorder) -> None:
        """Record the run to its last event. Called after `begin`, so that no model waits for the database."""
        recorder.open(self)
        await self._lanes_over.wait()
        await recorder.close(self)
        self.log.append(encode(self._done()))
        self.finished_at = time.monotonic()
        self.log.close()

    def _done(self) -> DoneEvent:
        bills = [(lane.simulated, lane.record.bill) for lane in self.lanes if lane.record is not None]
        simulated = [bill.cost for made_up, bill in bills if made_up and bill.cost is not None]
        return DoneEvent(
            total_tokens=sum(bill.input_tokens + bill.output_tokens for _, bill in bills),
            total_cost=money(sum((bill.cost for made_up, bill in bills if not made_up and bill.cost is not None), Decimal(0))),
            unknown_costs=sum(bill.cost is None for _, bill in bills),
            response_time=round((time.monotonic() - self.began_at) * 1000, 3),
            simulated_cost=money(sum(simulated, Decimal(0))) if simulated else UNSET,
        )

    def stop(self, position: int | None = None) -> None:
        """Stop one lane, or all lanes; their text is kept, and its tokens and cost are counted."""
        for lane in self.lanes:
            if position is None or lane.plan.position == position:
                lane.stop()

    def keep(self, seconds: float) -> None:
        """Continue without a reader for `seconds` from now, or for longer if that was requested before."""
        self._kept_until = max(self._kept_until, time.monotonic() + seconds)

    def subscription(self, after: int) -> Subscription | None:
        """Return a subscription to the events after number `after`, or `None` if nothing is left to read."""
        if self.log.closed and after >= len(self.log):
            return None
        return Subscription(self.log, min(after, len(self.log)), self._reader)

    def is_abandoned(self, now: float) -> bool:
        """Return whether, at `now` (monotonic seconds), the run has had no reader for longer than its grace period."""
        if self.unread_since is None or now < self._kept_until:
            return False
        # The client that started it is about to read, even if the run is to stop as soon as it disconnects.
        grace = self.plan.grace_seconds if self._was_read else max(self.plan.grace_seconds, _FIRST_READER_SECONDS)
        return now - self.unread_since >= grace

    @contextmanager
    def _reader(self) -> Iterator[None]:
        self._readers += 1
        self._was_read = True
        self.unread_since = None
        try:
            yield
        finally:
            self._readers -= 1
            if self._readers == 0:
                self.unread_since = time.monotonic()
                if self.is_abandoned(self.unread_since):
                    self.stop()


def _introduced(lane: LanePlan) -> SessionLane:
    return SessionLane(
        lane.position,
        lane.model,
        lane.simulated,
        UNSET if lane.listed else False,
        lane.answer_id,
        lane.version,
        lane.omitted_turns or UNSET,
    )
