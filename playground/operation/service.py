"""Puts together what Prometheus gets: the counters and the current state."""

from anyio import to_thread

from .metrics import Metrics
from .process_state import ProcessStates, StateCollector


class MetricsService:
    """Answers `/metrics`."""

    def __init__(self, metrics: Metrics, states: ProcessStates) -> None:
        self._metrics = metrics
        self._states = states
        self._collector = StateCollector()
        metrics.add_state(self._collector)

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their media type. A thread writes them: thousands of lines take tens of ms, which would delay streams."""
        self._collector.state = await self._states.now()
        return await to_thread.run_sync(self._metrics.exposition, accept)
