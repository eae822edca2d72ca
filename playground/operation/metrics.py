"""Counts requests, lanes and runs, and writes the metrics in Prometheus' formats."""

import time
from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from playground.comparison.plan import Bill, LanePlan, Times
from playground.comparison.running.lane import Lane
from playground.comparison.running.run import Run
from playground.kit.request_origin import ORIGIN

from .labels import MOST_MODELS, MOST_PROVIDERS, OTHER, Labels

_WAITS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60, 300)
"""Seconds that a model takes: from a tenth of a second to minutes of thinking."""
_SPEEDS = (1, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000)
"""Tokens per second."""
_DELAYS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
"""Seconds that this service itself takes."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

disable_created_metrics()  # type: ignore[no-untyped-call]  # The start time of each series: no query uses it, and it doubles the number of series.


class Metrics:
    """The metrics of one application. It is a `RunObserver`."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._providers, self._models = Labels(MOST_PROVIDERS), Labels(MOST_MODELS)
        self._requests = Counter("playground_http_requests", "Requests, by their route", ["method", "route", "status"], registry=registry)
        self._durations = Histogram(
            "playground_http_request_duration_seconds",
            "From the head of a request to the end of its answer, without event streams",
            ["method", "route"],
            buckets=_DELAYS,
            registry=registry,
        )
        self._runs = Counter("playground_runs", "Runs that ended", registry=registry)
        self._run_durations = Histogram(
            "playground_run_duration_seconds", "From the first request of a run to its last event", buckets=_WAITS, registry=registry
        )
        self._lanes = Counter("playground_lanes", "Lanes that ended", ["provider", "model", "status"], registry=registry)
        self._failures = Counter(
            "playground_lane_failures", "Lanes that failed, by the code of the error", ["provider", "code"], registry=registry
        )
        self._retries = Counter(
            "playground_lane_retries", "Requests to a provider beyond the first of a lane", ["provider"], registry=registry
        )
        self._first_tokens = Histogram(
            "playground_time_to_first_token_seconds",
            "From sending the request that was answered to its first token, thinking included",
            ["provider"],
            buckets=_WAITS,
            registry=registry,
        )
        self._responses = Histogram(
            "playground_response_seconds",
            "From sending the request that was answered to the end of its answer",
            ["provider"],
            buckets=_WAITS,
            registry=registry,
        )
        self._speeds = Histogram(
            "playground_tokens_per_second", "The speed of an answer after its first token", ["provider"], buckets=_SPEEDS, registry=registry
        )
        self._tokens = Counter(
            "playground_tokens",
            "Tokens; cached input and reasoning are parts of input and output",
            ["provider", "model", "kind", "estimated"],
            registry=registry,
        )
        self._costs = Counter(
            "playground_cost_dollars",
            "US dollars, rounded as floating-point numbers are; the reports have the exact sums",
            ["provider", "model", "own_key"],
            registry=registry,
        )
        self._simulated_costs = Counter(
            "playground_simulated_cost_dollars", "Invented US dollars of simulated models", ["model"], registry=registry
        )
        self._unknown_costs = Counter(
            "playground_unknown_costs", "Answers whose price is not known", ["provider", "model"], registry=registry
        )
        self._overhead = Histogram(
            "playground_overhead_seconds",
            "From the head of a request to each of its first requests to providers: what this service adds",
            buckets=_DELAYS,
            registry=registry,
        )
        self._lags = Histogram(
            "playground_event_loop_lag_seconds",
            "How late the event loop comes to what is due; one look a second",
            buckets=_DELAYS,
            registry=registry,
        )

    def add_state(self, collector: Collector) -> None:
        """Add the metrics of `collector`."""
        self._registry.register(collector)

    def request_answered(self, method: str, route: str, status: int) -> None:
        """Count a request. `route` is the template of a path, never a path."""
        self._requests.labels(_method(method), route, str(status)).inc()

    def request_ended(self, method: str, route: str, seconds: float) -> None:
        """Record the duration of a request that was not a stream."""
        self._durations.labels(_method(method), route).observe(seconds)

    def loop_looked(self, late_seconds: float) -> None:
        """Record how late the event loop was."""
        self._lags.observe(late_seconds)

    def lane_ended(self, run: Run, lane: Lane) -> None:  # noqa: ARG002 - as `RunObserver`
        """Count a lane."""
        record, plan = lane.record, lane.plan
        if record is None:
            return
        provider = self.provider(plan.call.provider.id)
        model = self._models.of(plan.model) if plan.listed else OTHER
        self._lanes.labels(provider, model, record.status).inc()
        if record.failure is not None:
            self._failures.labels(provider, record.failure.code).inc()
        if record.attempts > 1:
            self._retries.labels(provider).inc(record.attempts - 1)
        if record.times is not None:
            self._count_times(provider, record.times, completed=record.status == "completed")
        self._count_tokens(provider, model, record.bill)
        self._count_money(provider, model, plan, record.bill.cost)
        received_at = ORIGIN.get().received_at
        if received_at is not None:
            self._overhead.observe(max(0.0, lane.first_sent_at - received_at))

    def run_ended(self, run: Run) -> None:
        """Count a run."""
        self._runs.inc()
        self._run_durations.observe(time.monotonic() - run.began_at)

    def provider(self, provider_id: str) -> str:
        """Return the label of a provider."""
        return self._providers.of(provider_id)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their media type, in the format that suits an `Accept` header. Takes milliseconds: call it in a thread."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def _count_times(self, provider: str, times: Times, *, completed: bool) -> None:
        if times.first_token is not None:
            self._first_tokens.labels(provider).observe(times.first_token / 1000)
        if times.response is not None and completed:
            self._responses.labels(provider).observe(times.response / 1000)
        if times.tokens_per_second is not None:
            self._speeds.labels(provider).observe(times.tokens_per_second)

    def _count_money(self, provider: str, model: str, plan: LanePlan, cost: Decimal | None) -> None:
        if plan.simulated:
            self._simulated_costs.labels(model).inc(float(cost or 0))
        elif cost is None:
            self._unknown_costs.labels(provider, model).inc()
        else:
            self._costs.labels(provider, model, _flag(plan.own_key)).inc(float(cost))

    def _count_tokens(self, provider: str, model: str, bill: Bill) -> None:
        kinds = {
            "input": bill.input_tokens,
            "output": bill.output_tokens,
            "cached_input": bill.cached_input_tokens,
            "reasoning": bill.reasoning_tokens,
        }
        for kind, tokens in kinds.items():
            if tokens:
                self._tokens.labels(provider, model, kind, _flag(bill.estimated)).inc(tokens)


def _method(method: str) -> str:
    return method if method in _METHODS else OTHER


def _flag(value: bool) -> str:
    return "true" if value else "false"
