"""A turn while it is being produced: all of its lanes at once, one log, and whoever reads it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Protocol

import structlog
from anyio.abc import TaskGroup
from msgspec import UNSET

from playground.comparison.plan import Accountant, RunPlan
from playground.comparison.stream.event_log import EventLog
from playground.comparison.stream.events import DoneEvent, SessionEvent, SessionLane, encode
from playground.comparison.stream.reader import Reading
from playground.kit.tasks import Occurrence
from playground.kit.wire import money
from playground.providers.adapter import ProviderClient

from .lane import Lane

_FIRST_READER_SECONDS = 10.0

_logger = structlog.get_logger(__name__)


class RunRecorder(Protocol):
    """What records runs. `recording/` has the implementation, so that a run knows neither journal nor database."""

    async def prepare(self, plan: RunPlan) -> None:
        """Begin the record of a run that has not started. Raises `Unavailable` when that is not possible."""

    def discard(self, plan: RunPlan) -> None:
        """Delete what `prepare` began: the run does not start, and the database has nothing of it."""

    def withdraw(self, plan: RunPlan) -> None:
        """Close what `prepare` began: the run does not start, and the database may have something of it."""

    def open(self, run: "Run") -> None:
        """Record, in the background, what the lanes of a run write."""

    async def close(self, run: "Run") -> None:
        """Record what the run came to. Returns when it is in the database, or on the disk until it is."""


class Run:
    """One run. It belongs to the process: readers come and go."""

    def __init__(self, plan: RunPlan, client: ProviderClient, accountant: Accountant) -> None:
        self.plan = plan
        self.log = EventLog(plan.run_id)
        self.lanes = tuple(Lane(lane, self.log, client, accountant) for lane in plan.lanes)
        self.deserted_since: float | None = time.monotonic()
        """Since when nobody reads (monotonic seconds); `None` while somebody does."""
        self.finished_at: float | None = None
        """When the last event was written (monotonic seconds)."""
        self.opened = Occurrence()
        """Its beginning stands in the database, or can't be brought there now."""
        self.recorded = Occurrence()
        """What it came to stands in the database, or waits for it."""
        self._began_at = 0.0
        self._lanes_left = len(self.lanes)
        self._lanes_over = Occurrence()
        self._readers = 0
        self._was_read = False
        self._kept_until = 0.0
        """Until when it continues without a reader (monotonic seconds)."""

    @property
    def id(self) -> str:
        """The run's id, which begins the id of each of its events."""
        return self.plan.run_id

    @property
    def readers(self) -> int:
        """How many read it at this moment."""
        return self._readers

    def begin(self, tasks: TaskGroup) -> None:
        """Run all lanes at once, each as one of `tasks`: in a group of their own they would begin a turn of the event loop later."""
        plan = self.plan
        self._began_at = time.monotonic()
        self.log.append(
            encode(
                SessionEvent(
                    plan.session_id,
                    plan.turn,
                    tuple(SessionLane(lane.position, lane.model, lane.simulated, UNSET if lane.listed else False) for lane in plan.lanes),
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

    async def record(self, recorder: RunRecorder) -> None:
        """Record what the lanes write, to the last event. It comes after `begin`, so that no model waits for the database."""
        recorder.open(self)
        await self._lanes_over.wait()
        await recorder.close(self)
        self.log.append(encode(self._done()))
        self.finished_at = time.monotonic()
        self.log.close()

    def _done(self) -> DoneEvent:
        bills = [(lane.plan.simulated, lane.record.bill) for lane in self.lanes if lane.record is not None]
        simulated = [bill.cost for made_up, bill in bills if made_up and bill.cost is not None]
        return DoneEvent(
            total_tokens=sum(bill.input_tokens + bill.output_tokens for _, bill in bills),
            total_cost=money(sum((bill.cost for made_up, bill in bills if not made_up and bill.cost is not None), Decimal(0))),
            unknown_costs=sum(bill.cost is None for _, bill in bills),
            response_time=round((time.monotonic() - self._began_at) * 1000, 3),
            simulated_cost=money(sum(simulated, Decimal(0))) if simulated else UNSET,
        )

    def stop(self, position: int | None = None) -> None:
        """End one lane, or all; what they wrote is kept, counted and priced."""
        for lane in self.lanes:
            if position is None or lane.plan.position == position:
                lane.stop()

    def keep(self, seconds: float) -> None:
        """Continue without a reader for so long from now on, or longer where that was asked for before."""
        self._kept_until = max(self._kept_until, time.monotonic() + seconds)

    def reading(self, after: int) -> Reading | None:
        """For somebody who has seen the events up to number `after`; `None` when there is nothing left to read."""
        if self.log.closed and after >= len(self.log):
            return None
        return Reading(self.log, min(after, len(self.log)), self._reader)

    def is_deserted(self, now: float) -> bool:
        """Whether nobody has read it for longer than its grace, at `now` (monotonic seconds)."""
        if self.deserted_since is None or now < self._kept_until:
            return False
        # The one who asked for it is on the way, also when leaving is to stop it at once.
        grace = self.plan.grace_seconds if self._was_read else max(self.plan.grace_seconds, _FIRST_READER_SECONDS)
        return now - self.deserted_since >= grace

    @contextmanager
    def _reader(self) -> Iterator[None]:
        self._readers += 1
        self._was_read = True
        self.deserted_since = None
        try:
            yield
        finally:
            self._readers -= 1
            if self._readers == 0:
                self.deserted_since = time.monotonic()
                if self.is_deserted(self.deserted_since):
                    self.stop()
