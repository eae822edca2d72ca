"""The current state of this process, its database, Redis and providers, looked up on request."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from playground import __version__
from playground.catalogue.catalogue import Catalogue, ProviderList
from playground.comparison.recording.recorder import Recorder
from playground.comparison.running.runs import Runs
from playground.database.client import Database
from playground.kit.announcements import Announcements

_LIST_STATES = ("loading", "ok", "stale", "failed")


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The state at one moment."""

    database_answers: bool
    engine_runs: bool
    engine_restarts: int
    redis: Literal["ok", "away", "none"]
    """`none`: no Redis is configured."""
    stopping: bool
    open_runs: int
    running_lanes: Mapping[tuple[str, str], int]
    """By provider ID, and `waiting` (for the first token) or `streaming`."""
    readers: int
    recording: int
    journal_waiting: int
    """Finished runs in the journal that are not yet in the database."""
    providers: tuple[ProviderList, ...]

    @property
    def ready(self) -> bool:
        """Whether the service can handle requests."""
        return self.database_answers and not self.stopping


class ProcessStates:
    """Looks up the state."""

    def __init__(
        self, database: Database, announcements: Announcements, runs: Runs, recorder: Recorder, catalogue: Catalogue, *, with_redis: bool
    ) -> None:
        self._database = database
        self._announcements = announcements
        self._runs = runs
        self._recorder = recorder
        self._catalogue = catalogue
        self._with_redis = with_redis

    async def now(self) -> ProcessState:
        """Return the current state. Queries the database, which takes at most about a second."""
        answers = await self._database.healthy()
        lanes = [lane for run in self._runs.open() for lane in run.lanes if lane.record is None]
        return ProcessState(
            database_answers=answers,
            engine_runs=self._database.engine_running,
            engine_restarts=self._database.engine_restarts,
            redis=("ok" if self._announcements.connected else "away") if self._with_redis else "none",
            stopping=self._runs.draining,
            open_runs=len(self._runs.open()),
            running_lanes=Counter((lane.plan.call.provider.id, "streaming" if lane.is_streaming else "waiting") for lane in lanes),
            readers=self._runs.readers(),
            recording=self._recorder.in_progress,
            journal_waiting=self._recorder.waiting,
            providers=tuple(self._catalogue.lists),
        )


class StateCollector(Collector):
    """Turns the latest state into metrics. It runs in a thread, where the state itself can't be looked up."""

    def __init__(self) -> None:
        self.state: ProcessState | None = None

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics."""
        info = GaugeMetricFamily("playground_info", "The version that runs; always 1", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        state = self.state
        if state is None:
            return
        yield GaugeMetricFamily("playground_ready", "1 while the service takes requests", state.ready)
        yield GaugeMetricFamily("playground_database_up", "1 while the database answers", state.database_answers)
        yield GaugeMetricFamily("playground_engine_up", "1 while the query engine runs", state.engine_runs)
        yield CounterMetricFamily("playground_engine_restarts", "How often the query engine was started again", state.engine_restarts)
        if state.redis != "none":
            yield GaugeMetricFamily("playground_redis_up", "1 while Redis answers; absent without REDIS_URL", state.redis == "ok")
        yield GaugeMetricFamily("playground_runs_open", "Runs that are running", state.open_runs)
        lanes = GaugeMetricFamily(
            "playground_lanes_running", "Lanes that wait for their first token, or stream", labels=["provider", "state"]
        )
        for (provider, doing), count in state.running_lanes.items():
            lanes.add_metric([provider, doing], count)
        yield lanes
        yield GaugeMetricFamily("playground_stream_readers", "Event streams that are being read", state.readers)
        yield GaugeMetricFamily("playground_journal_recording", "Runs that are being written to the journal", state.recording)
        yield GaugeMetricFamily("playground_journal_waiting", "Runs that wait in the journal for the database", state.journal_waiting)
        lists = GaugeMetricFamily(
            "playground_provider_list_state", "1 for the state of a provider's list of models", labels=["provider", "state"]
        )
        models = GaugeMetricFamily("playground_provider_models", "Models in a provider's list", labels=["provider"])
        for known in state.providers:
            models.add_metric([known.provider.id], len(known.models))
            for each in _LIST_STATES:
                lists.add_metric([known.provider.id, each], known.state == each)
        yield lists
        yield models
