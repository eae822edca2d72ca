"""How much memory the runs of this process may use, in total and per user.

A finished run stays in memory for a while, with its conversation, events and texts, so that readers can reconnect. If all runs together
use more than the budget, finished runs are removed, oldest first; their records are in the database or the journal. Running ones are never
removed. A new run that doesn't fit is refused.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable

from playground.comparison.plan import RunPlan
from playground.kit.errors import Unavailable

from .run import Run

_OBJECTS_BYTES = 16 * 1024
"""Memory of a lane besides its texts: tasks, connection buffers, objects. Measured with 2,000 runs."""
_RETRY_AFTER_SECONDS = 10
_BYTES_PER_MB = 1024 * 1024


class RunMemoryFull(Unavailable):
    """There is not enough memory for another run."""

    code = "run_memory_full"
    title = "No memory left for another run"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, retry_after=_RETRY_AFTER_SECONDS)


class RunMemory:
    """Tracks the memory of runs in bytes, estimated, as of the last `count`; decides which runs to remove."""

    def __init__(self, budget_mb: int) -> None:
        self._most = budget_mb * _BYTES_PER_MB
        self._most_per_user = self._most // 2
        self._sizes: dict[str, int] = {}
        """By run id."""
        self._total = 0
        self._by_user: defaultdict[str, int] = defaultdict(int)

    def count(self, runs: Iterable[Run]) -> list[Run]:
        """Measure all runs, oldest first, and return those to remove."""
        sizes: dict[str, int] = {}
        by_user: defaultdict[str, int] = defaultdict(int)
        over: list[Run] = []
        for run in runs:
            # A finished run doesn't grow any more, except by the record of its last lane.
            known = self._sizes.get(run.id) if run.finished_at is not None else None
            sizes[run.id] = size = known or _size(run)
            by_user[run.plan.user_id] += size
            if run.finished_at is not None and run.recorded.happened and not run.readers:
                over.append(run)
        self._sizes = {run.id: sizes[run.id] for run in over}
        total, leaving = sum(sizes.values()), []
        for run in over:
            user = run.plan.user_id
            if total > self._most or by_user[user] > self._most_per_user:
                total -= sizes[run.id]
                by_user[user] -= sizes[run.id]
                leaving.append(run)
        self._total, self._by_user = total, by_user
        return leaving

    def fits(self, plan: RunPlan) -> bool:
        """Return whether a run fits now."""
        size = _size_of_plan(plan)
        return self._total + size <= self._most and self._by_user[plan.user_id] + size <= self._most_per_user

    def add(self, plan: RunPlan) -> None:
        """Add a run that starts now. Raises `RunMemoryFull`."""
        if not self.fits(plan):
            mine = self._by_user[plan.user_id] + _size_of_plan(plan) > self._most_per_user
            what = "Your running comparisons use" if mine else "The running comparisons use"
            raise RunMemoryFull(f"{what} all the memory reserved for them. Try again when some of them have finished.")
        self._total += _size_of_plan(plan)
        self._by_user[plan.user_id] += _size_of_plan(plan)


def _size(run: Run) -> int:
    records = (lane.record for lane in run.lanes if lane.record is not None)
    texts = sum(sys.getsizeof(record.text) + sys.getsizeof(record.reasoning) for record in records)
    return _size_of_plan(run.plan) + run.log.memory() + texts


def _size_of_plan(plan: RunPlan) -> int:
    # The lanes of a session share the texts of earlier turns.
    texts = {id(message.content): message.content for lane in plan.lanes for message in lane.call.messages}
    return len(plan.lanes) * _OBJECTS_BYTES + sum(map(sys.getsizeof, texts.values()))
