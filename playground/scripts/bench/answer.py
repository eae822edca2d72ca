"""The measurements of one answer, collected from the events of its lane."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from playground.scripts.tally import dollars

from .plan import Job


class Gaps:
    """The times between the chunks of one answer as read here, in ms, by this machine's monotonic clock, to a microsecond.

    If several chunks come in one read, the first gets all the time since the previous chunk, and the others almost none.
    """

    __slots__ = ("_last", "counts")

    def __init__(self) -> None:
        self.counts: Counter[float] = Counter()
        self._last: float | None = None

    def take(self, elapsed: float) -> None:
        """Record a chunk that came `elapsed` ms after the request was sent."""
        if self._last is not None:
            self.counts[round(elapsed - self._last, 3)] += 1
        self._last = elapsed


@dataclass(slots=True)
class Answer:
    """One lane of one request. Durations are in ms. Those with `client_` were measured here, the others by the service."""

    asked: str
    """The model as on the command line."""
    prompt: int
    repetition: int
    model: str
    """The model's full name, once the service has reported it."""
    simulated: bool | None = None
    """`None` until the service has reported it."""
    status: Literal["unfinished", "completed", "failed", "stopped"] = "unfinished"
    code: str | None = None
    """The error code of a failure: the service's, or one of `lib/problems.py`."""
    message: str | None = None
    attempts: int = 1
    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    cost: Decimal | None = None
    time_to_first_token: float | None = None
    time_to_first_answer: float | None = None
    thinks: bool = False
    """Whether some of the thinking was shown."""
    response_time: float | None = None
    tokens_per_second: float | None = None
    client_time_to_first_token: float | None = None
    client_response_time: float | None = None
    gaps: Gaps = field(default_factory=Gaps)

    @classmethod
    def to(cls, job: Job) -> list["Answer"]:
        """Return the answers of `job`, in the order of their lanes."""
        return [cls(asked=model, prompt=job.prompt.number, repetition=job.repetition, model=model) for model in job.models]

    def take(self, event: Mapping[str, Any], elapsed: float) -> None:
        """Process an event of this lane that came `elapsed` ms after the request was sent. Unknown types are ignored."""
        match event.get("type"):
            case "chunk":
                if self.client_time_to_first_token is None:
                    self.client_time_to_first_token = elapsed
                self.thinks = self.thinks or event.get("kind") == "reasoning"
                self.gaps.take(elapsed)
            case "status":
                self._take_status(event, elapsed)
            case "metrics":
                self._take_metrics(event)
            case "error":
                self.code, self.message = str(event["code"]), str(event["message"])

    @property
    def time_per_token(self) -> float | None:
        """Return the time per output token in ms: (last - first) / (n - 1)."""
        return None if not self.tokens_per_second else 1_000 / self.tokens_per_second

    def introduce(self, lane: Mapping[str, Any]) -> None:
        """Process this lane's part of the `session` event."""
        self.model = str(lane["model"])
        self.simulated = bool(lane.get("simulated"))

    def fail(self, code: str, message: str, *, asked_for: bool = True) -> None:
        """Mark an unfinished answer as failed, for a reason on our side or in the network.

        With `asked_for` false, the request never reached a model, so nothing was used. Otherwise the cost stays unknown.
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
        if event.get("fallbackFrom"):
            # Otherwise the times of another model would count for this one.
            self.code, self.message = "fallback", f"{event['model']} answered in place of {event['fallbackFrom']}."
        if self.status == "completed" and self.code == "fallback":
            self.status = "failed"

    def _take_metrics(self, event: Mapping[str, Any]) -> None:
        self.simulated = bool(event.get("simulated", self.simulated))
        self.input_tokens, self.output_tokens = event["inputTokens"], event["outputTokens"]
        self.estimated = bool(event["estimated"])
        self.cost = dollars(event["cost"])
        self.time_to_first_token = event["timeToFirstToken"]
        self.time_to_first_answer = event.get("timeToFirstAnswer")
        self.response_time = event["responseTime"]
        self.tokens_per_second = event["tokensPerSecond"]
