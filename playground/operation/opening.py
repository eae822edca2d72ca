"""Builds the services of this room: metrics and the state of the process."""

from playground.catalogue.opening import CatalogueRoom
from playground.comparison.opening import ComparisonRoom
from playground.database.foundation import Foundation

from .loop_watch import watch_loop
from .metrics import Metrics
from .process_state import ProcessStates
from .service import MetricsService


def open_operation(foundation: Foundation, metrics: Metrics, models: CatalogueRoom, comparison: ComparisonRoom) -> None:
    """Build the services. `metrics` is counting already."""
    states = ProcessStates(
        foundation.database,
        foundation.announcements,
        comparison.runs,
        comparison.recorder,
        models.catalogue,
        with_redis=foundation.redis is not None,
    )
    foundation.services.add(metrics, states, MetricsService(metrics, states))
    foundation.tasks.start_soon(watch_loop, metrics)
