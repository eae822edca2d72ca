"""One answer as it was measured: filled in from the events of its lane, one by one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from lib.tally import dollars

from .plan import Job


class Gaps:
    """The times between the deltas of one answer, in ms, from the `timestamp`s of its chunks.

    Timestamps are whole milliseconds, and several chunks may share one: the clock could not tell them apart. They share the time
    since the timestamp before evenly, so that the number of gaps and their sum are right, and no gap is 0 only by rounding. Chunks that
    share the very first timestamp have nothing to share: their gaps are 0.
    """

    __slots__ = ("_before", "_last", "_pending", "counts")

    def __init__(self) -> None:
        self.counts: Counter[float] = Counter()
        self._last: int | None = None
        self._before: int | None = None
        self._pending = 0

    def take(self, timestamp: int) -> None:
        """The next chunk's `timestamp`. A clock that was set back counts as one that stood still."""
        if self._last is None:
            self._last = timestamp
        elif timestamp <= self._last:
            self._pending += 1
        else:
            self.close()
            self._before, self._last, self._pending = self._last, timestamp, 1

    def close(self) -> None:
        """No more chunks: count those that are still open."""
        if self._pending and self._last is not None:
            since = self._last if self._before is None else self._before
            self.counts[(self._last - since) / self._pending] += self._pending
        self._pending = 0


@dataclass(slots=True)
class Answer:
    """One lane of one request. Durations are in ms; `client_` ones were measured here, the others by the service."""

    asked: str
    """The model as it was given on the command line."""
    prompt: int
    repetition: int
    model: str
    """The model's full name, once the service has said it."""
    simulated: bool | None = None
    """`None` until the service has said it."""
    status: Literal["unfinished", "completed", "failed", "stopped"] = "unfinished"
    code: str | None = None
    """Of a failure: the service's error code, or one of `lib/problems.py`."""
    message: str | None = None
    attempts: int = 1
    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    cost: Decimal | None = None
    time_to_first_token: float | None = None
    response_time: float | None = None
    tokens_per_second: float | None = None
    client_time_to_first_token: float | None = None
    client_response_time: float | None = None
    gaps: Gaps = field(default_factory=Gaps)

    @classmethod
    def to(cls, job: Job) -> list["Answer"]:
        """The answers that `job` will give, in the order of their lanes."""
        return [cls(asked=model, prompt=job.prompt.number, repetition=job.repetition, model=model) for model in job.models]

    def take(self, event: Mapping[str, Any], elapsed: float) -> None:
        """An event of this lane, which came `elapsed` ms after the request was sent. Unknown types are left to newer scripts."""
        match event.get("type"):
            case "chunk":
                if self.client_time_to_first_token is None:
                    self.client_time_to_first_token = elapsed
                self.gaps.take(event["timestamp"])
            case "status":
                self._take_status(event, elapsed)
            case "metrics":
                self._take_metrics(event)
            case "error":
                self.code, self.message = str(event["code"]), str(event["message"])

    def introduce(self, lane: Mapping[str, Any]) -> None:
        """What the `session` event says of this lane."""
        self.model = str(lane["model"])
        self.simulated = bool(lane.get("simulated"))

    def fail(self, code: str, message: str, *, asked_for: bool = True) -> None:
        """It did not come to its end, for a reason on our side or between. Nothing happens when it already did.

        With `asked_for` false the request never got as far as a model: nothing was used. Else the cost stays unknown.
        """
        if self.status == "unfinished":
            self.status, self.code, self.message = "failed", code, message
            if not asked_for:
                self.input_tokens = self.output_tokens = 0

    def _take_status(self, event: Mapping[str, Any], elapsed: float) -> None:
        self.attempts = max(self.attempts, event.get("attempt") or 1)
        status = event["status"]
        if status in ("completed", "failed", "stopped"):
            self.status = status
            self.client_response_time = elapsed
            self.gaps.close()
        if event.get("fallbackFrom"):
            # The times of another model would be booked on this one.
            self.code, self.message = "fallback", f"{event['model']} answered instead of {event['fallbackFrom']}."
        if self.status == "completed" and self.code == "fallback":
            self.status = "failed"

    def _take_metrics(self, event: Mapping[str, Any]) -> None:
        self.simulated = bool(event.get("simulated", self.simulated))
        self.input_tokens, self.output_tokens = event["inputTokens"], event["outputTokens"]
        self.estimated = bool(event["estimated"])
        self.cost = dollars(event["cost"])
        self.time_to_first_token = event["timeToFirstToken"]
        self.response_time = event["responseTime"]
        self.tokens_per_second = event["tokensPerSecond"]
