"""The plan of a run, made before anything is sent, and the record of each lane's answer, made when the lane is over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from playground.comparison.running.timeline import Timeline
from playground.providers.calls import Attachment, ModelCall, Source, Usage

AnswerStatus = Literal["completed", "failed", "stopped", "interrupted"]
CostSource = Literal["provider", "list"]
"""`provider`: the provider reported the cost. `list`: calculated from a list price and the tokens."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """One answer to be produced for a lane."""

    lane_id: str
    position: int
    """The lane's number on the wire."""
    model: str
    """The full name, such as `groq/llama-3.3-70b-versatile`."""
    call: ModelCall
    answer_id: str
    parameters: Mapping[str, Any]
    """As in the request, in camelCase."""
    bounded: bool = False
    """The user's tokens or money are limited, and the most that one attempt can use was reserved."""
    listed: bool = True
    """The model is in the provider's list of models."""
    nearest: Callable[[], Sequence[str]] | None = None
    """Finds listed models with names like this one's, should the provider not know it."""
    version: int = 1
    """Of the answer, within its turn and lane."""
    previous_id: str | None = None
    """The answer that it continues."""
    head_id: str | None = None
    """The lane's head when this was planned."""
    omitted_turns: int = 0
    """The oldest turns of the conversation that are not sent, because the context window is too small."""
    changes_lane: bool = False
    """The lane's next turns have this model and these parameters too."""
    fallbacks: tuple["Candidate", ...] = ()
    """Who is asked, one after the other, when the model before fails without having written anything."""

    @property
    def simulated(self) -> bool:
        """Return whether the model is simulated, with invented answers, costs and times."""
        return self.call.provider.simulated

    @property
    def own_key(self) -> bool:
        """Return whether the user's own key is used, so that the user pays and the user's limits don't apply."""
        return self.call.provider.own_key


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be asked for an answer."""

    model: str
    """The full name."""
    call: ModelCall


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A turn to be run, or answers of an earlier one to be regenerated."""

    run_id: str
    session_id: str
    turn_id: str
    turn: int
    user_id: str
    title: str
    prompt: str
    lanes: tuple[LanePlan, ...]
    created_at: datetime
    new_session: bool
    grace_seconds: float
    """How long the run continues without a reader."""
    idempotency_key: str | None = None
    request_hash: str | None = None
    reserved: bool = False
    """It was counted as a request of its user before it started; otherwise it is counted when it closes."""
    api_key_id: str | None = None
    """The API key of the request. `None`: the user logged in."""
    new_turn: bool = True
    """False: the turn exists, and gets further answers."""
    replaces_id: str | None = None
    """The turn whose prompt was edited to make this one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a lane failed: a code from `playground/providers/errors/kinds.py`, a message for people, and whether a retry can help."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """Tokens and cost of one lane. `cost` is `None` if the price is unknown."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None
    reasoning_tokens: int | None
    estimated: bool
    cost: Decimal | None
    cost_source: CostSource | None
    cache_write_tokens: int | None = None
    """Input tokens that were written to the provider's cache."""

    prices: Mapping[str, Any] | None = None
    """The prices that were used, as `Prices.cost` names them. `None`: the provider reported the cost, or it is unknown."""


NOTHING_USED = Bill(0, 0, None, None, estimated=False, cost=Decimal(0), cost_source=None)
"""The bill of a request that the provider refused or never received."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that the provider may have charged, or the last one of an answer."""

    attempt: int
    """Which request of its answer it was, from 1."""
    provider: str
    """The provider's id."""
    model: str
    """The full name."""
    simulated: bool
    own_key: bool
    bill: Bill
    error_code: str | None = None


def sum_of(bills: Sequence[Bill]) -> Bill:
    """Return the bill of all attempts of a lane. The sum is estimated or unknown if one of them is."""
    used = [bill for bill in bills if bill is not NOTHING_USED]
    if len(used) <= 1:
        return used[0] if used else NOTHING_USED
    costs, sources = [bill.cost for bill in used], {bill.cost_source for bill in used}
    return Bill(
        input_tokens=sum(bill.input_tokens for bill in used),
        output_tokens=sum(bill.output_tokens for bill in used),
        cached_input_tokens=_sum_of_known(bill.cached_input_tokens for bill in used),
        reasoning_tokens=_sum_of_known(bill.reasoning_tokens for bill in used),
        estimated=any(bill.estimated for bill in used),
        cost=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
        cost_source=None if None in costs else "provider" if sources == {"provider"} else "list",
        cache_write_tokens=_sum_of_known(bill.cache_write_tokens for bill in used),
    )


def _sum_of_known(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


class Quota(Protocol):
    """A user's remaining limits, checked before a run sends anything."""

    def limited(self, call: ModelCall) -> ModelCall:
        """Return the call to send, with a limit on the answer's length if the user's limits require one."""

    def reserved(self, plan: RunPlan) -> AbstractAsyncContextManager[RunPlan]:
        """Reserve the most that `plan` can use, and yield the plan to run. If the block raises, the reservation is released.

        Raises a `Problem` if not enough is left.
        """


class Accountant(Protocol):
    """Calculates the bill of an answer."""

    async def settle(self, call: ModelCall, usage: Usage | None, answer: str, reasoning: str, at: datetime) -> Bill:
        """Return the bill: from the provider's `usage`, or else counted from the conversation and the text, and marked as estimated.

        `at` is when the call was sent; some prices depend on the time of day.
        """


@dataclass(frozen=True, slots=True)
class Times:
    """How long a lane took, in ms since the answered request was sent (monotonic clock)."""

    first_token: float | None
    response: float | None
    """`None` if the end was not observed, because the process was killed."""
    tokens_per_second: float | None
    first_answer: float | None = None
    """Until the first delta that is not reasoning."""
    total: float | None = None
    """From sending the first request to the end, including failed attempts and the waits between them."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """Everything that is stored about one lane's answer."""

    answer_id: str
    status: AnswerStatus
    text: str
    reasoning: str
    finish_reason: str | None
    failure: Failure | None
    bill: Bill
    times: Times | None
    """`None` if nothing was observed, because the process was killed."""
    attempts: int
    finished_at: datetime
    max_tokens: int | None = None
    """The limit on output tokens that was sent: the lane's parameter, or what the user's limits allow."""
    timeline: Timeline | None = None
    """`None` if unknown."""

    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    calls: tuple[Call, ...] = ()
    """The calls whose bills add up to `bill`; the last one gave the answer. Empty in journals of versions that didn't record them."""
    fallback: "FallbackUsed | None" = None


@dataclass(frozen=True, slots=True)
class FallbackUsed:
    """The model that answered in place of the one that was asked first."""

    provider: str
    model: str
    simulated: bool
    own_key: bool
    fallback_from: str
    """The full name of the model that was asked first."""
