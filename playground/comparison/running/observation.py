"""Reports lanes and runs to metrics and traces when they end. Nothing is reported for a chunk, or before a request is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from .lane import Lane
    from .run import Run

_logger = structlog.get_logger(__name__)


class RunObserver(Protocol):
    """Called for every run of this process, in the event loop and in the context of the request that started it. Must not wait."""

    def lane_ended(self, run: Run, lane: Lane) -> None:
        """A lane has ended and has its record. Not called for a lane that a defect ended without a record."""

    def run_ended(self, run: Run) -> None:
        """A run has ended: it is recorded, or a defect lost it."""


class Observers:
    """Several observers as one. An exception of one is logged; it affects neither the run nor the other observers."""

    def __init__(self, observers: Sequence[RunObserver]) -> None:
        self._observers = tuple(observers)

    def lane_ended(self, run: Run, lane: Lane) -> None:
        """Call all of them."""
        for observer in self._observers:
            try:
                observer.lane_ended(run, lane)
            except Exception:
                _logger.exception("observer_failed", run_id=run.id, lane=lane.plan.position)

    def run_ended(self, run: Run) -> None:
        """Call all of them."""
        for observer in self._observers:
            try:
                observer.run_ended(run)
            except Exception:
                _logger.exception("observer_failed", run_id=run.id)
