"""The summary of each model's answers."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from playground.scripts.intervals import Interval, grouped_median_interval, median_interval
from playground.scripts.stats import Distribution, together
from playground.scripts.tally import Tally

from .answer import Answer
from .metrics import CLOCK_STEP, METRICS, Metric
from .plan import Plan


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric of one model. `interval` is the 95 % confidence interval of the median; `None` for fewer than six values, or answers."""

    numbers: Distribution
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One model. Times are those of completed answers, costs those of all."""

    model: str
    simulated: bool
    answers: int
    completed: int
    stopped: int
    retried: int
    """Answers that took more than one attempt."""
    failures: Counter[str]
    """Failures by code."""
    real: Tally
    made_up: Tally
    """The sum of simulated answers, whose cost is not real money."""
    measures: dict[str, Measure]
    """Measures by the metric's `key`, without those that have no numbers."""

    @property
    def tally(self) -> Tally:
        """Return the sum for this model's kind: real or simulated."""
        return self.made_up if self.simulated else self.real


class Failure(NamedTuple):
    """Failures of one model with one code. `message` is that of the first."""

    model: str
    simulated: bool
    code: str
    message: str
    times: int


@dataclass(frozen=True, slots=True)
class Report:
    """A benchmark that has finished or was ended."""

    plan: Plan
    place: str
    started_at: datetime
    seconds: float
    """How long all counted requests took."""
    interrupted: bool
    answers: list[Answer]
    warm_ups: list[Answer]
    listed_as_simulated: Set[str]
    """Simulated models according to the service's list, by the requested names."""
    models: list[ModelSummary] = field(default_factory=list)
    real: Tally = field(default_factory=Tally)
    made_up: Tally = field(default_factory=Tally)
    warm_up_real: Tally = field(default_factory=Tally)
    """The cost of the warm-up, which is not counted above, but is paid for."""

    def __post_init__(self) -> None:
        simulated = self.listed_as_simulated | {answer.asked for answer in [*self.warm_ups, *self.answers] if answer.simulated}
        for answer in [*self.warm_ups, *self.answers]:
            if answer.simulated is None:  # The connection was lost too early.
                answer.simulated = answer.asked in simulated
        for asked in self.plan.models:
            mine = [answer for answer in self.answers if answer.asked == asked]
            self.models.append(_summary(asked, mine, simulated=asked in simulated))
        for model in self.models:
            self.real.merge(model.real)
            self.made_up.merge(model.made_up)
        self.warm_up_real.merge(_tally([answer for answer in self.warm_ups if not answer.simulated]))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics to show. If no model shows its thinking, the first answer equals the first token."""
        thinks = any(answer.thinks for answer in self.answers)
        return tuple(metric for metric in METRICS if thinks or metric.key != "timeToFirstAnswer")

    @property
    def completed(self) -> int:
        """Return the number of completed answers."""
        return sum(model.completed for model in self.models)

    @property
    def failures(self) -> list[Failure]:
        """Return the failures by model and code, most frequent first."""
        simulated = {asked for asked, model in zip(self.plan.models, self.models, strict=True) if model.simulated}
        groups: dict[tuple[str, str], list[Answer]] = {}
        for answer in self.answers:
            if answer.status == "failed":
                groups.setdefault((answer.asked, answer.code or "failed"), []).append(answer)
        failures = [
            Failure(these[0].model, asked in simulated, code, these[0].message or "", len(these)) for (asked, code), these in groups.items()
        ]
        return sorted(failures, key=lambda failure: -failure.times)

    @property
    def failed(self) -> int:
        """Return the number of failed answers."""
        return sum(model.failures.total() for model in self.models)


def _summary(asked: str, answers: Sequence[Answer], *, simulated: bool) -> ModelSummary:
    completed = [answer for answer in answers if answer.status == "completed"]
    measures = {metric.key: _measure(metric, completed) for metric in METRICS}
    return ModelSummary(
        # After a failure before the first event, only the requested name is known.
        model=next((answer.model for answer in answers if answer.model != asked), asked),
        simulated=simulated,
        answers=len(answers),
        completed=len(completed),
        stopped=sum(answer.status == "stopped" for answer in answers),
        retried=sum(answer.attempts > 1 for answer in answers),
        failures=Counter(answer.code or "failed" for answer in answers if answer.status == "failed"),
        real=_tally([answer for answer in answers if not answer.simulated]),
        made_up=_tally([answer for answer in answers if answer.simulated]),
        measures={key: measure for key, measure in measures.items() if measure.numbers.count},
    )


def _measure(metric: Metric, answers: Sequence[Answer]) -> Measure:
    if metric.value is None:
        groups = [answer.gaps.counts for answer in answers]
        return Measure(Distribution(together(groups)), grouped_median_interval(groups, step=CLOCK_STEP))
    numbers = Distribution.of(number for answer in answers if (number := metric.value(answer)) is not None)
    return Measure(numbers, median_interval(numbers, step=CLOCK_STEP))


def _tally(answers: Sequence[Answer]) -> Tally:
    tally = Tally()
    for answer in answers:
        tally.add(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens, estimated=answer.estimated, cost=answer.cost)
    return tally
