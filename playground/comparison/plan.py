"""What is to be run, decided before anything is sent; and what a lane came to, decided when it is over."""

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
"""`provider`: it said what it charged. `list`: a price times the tokens."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """One lane of a turn to be run."""

    lane_id: str
    position: int
    model: str
    """The full name, as `groq/llama-3.3-70b-versatile`."""
    call: ModelCall
    answer_id: str
    parameters: Mapping[str, Any]
    """As the request gave them, in the wire's names."""
    bounded: bool = False
    """Its user's tokens or money are limited, and what one attempt may take of them was reserved."""
    listed: bool = True
    """The provider's list of models has it."""
    nearest: Callable[[], Sequence[str]] | None = None
    """Finds listed models with names like this one's, should the provider not know it."""

    @property
    def simulated(self) -> bool:
        """The model's answers, costs and times are made up."""
        return self.call.provider.simulated

    @property
    def own_key(self) -> bool:
        """It is asked with the user's own key: neither the server's money nor the user's limits pay for it."""
        return self.call.provider.own_key


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A turn to be run."""

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
    """How long the run goes on without any reader."""
    idempotency_key: str | None = None
    request_hash: str | None = None
    reserved: bool = False
    """It was counted as a request of its user before it began; else it is when it closes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a lane failed: a code of `playground/providers/errors/kinds.py`, a sentence for people, and whether asking again can help."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """Tokens and cost of one lane. `cost` is `None` when the price is unknown."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None
    reasoning_tokens: int | None
    estimated: bool
    cost: Decimal | None
    cost_source: CostSource | None
    cache_write_tokens: int | None = None
    """Of the input: written to the provider's cache."""


NOTHING_USED = Bill(0, 0, None, None, estimated=False, cost=Decimal(0), cost_source=None)
"""The bill of a request that the provider refused or never got: nothing was used, nothing is owed."""


def sum_of(bills: Sequence[Bill]) -> Bill:
    """The bill of a lane's attempts. What is estimated or unknown of one is so of their sum."""
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
    """What somebody may still use. Whoever starts a run asks it before anything is sent."""

    def limited(self, call: ModelCall) -> ModelCall:
        """The call as it is sent: where it matters how long an answer is, it has a limit."""

    def reserved(self, plan: RunPlan) -> AbstractAsyncContextManager[RunPlan]:
        """Reserves what `plan` may take, and gives the plan to be run. If the block raises, what was reserved is given back.

        Raises a `Problem` when there is not enough left.
        """


class Accountant(Protocol):
    """Who turns a lane's end into a bill."""

    async def settle(self, call: ModelCall, usage: Usage | None, answer: str, reasoning: str, at: datetime) -> Bill:
        """The bill: by the provider's own `usage`, else counted from the conversation and what was written, and marked as estimated.

        `at` is when the call was sent: some prices differ by the time of day.
        """


@dataclass(frozen=True, slots=True)
class Times:
    """How long a lane took, in ms, from sending the request that was answered (monotonic clock)."""

    first_token: float | None
    response: float | None
    """`None` when nobody was there to see the end."""
    tokens_per_second: float | None
    first_answer: float | None = None
    """Until the first delta that was not thinking."""
    total: float | None = None
    """From sending the very first request to the end: with the attempts that failed, and the waits between."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """All that is kept of one lane's answer."""

    answer_id: str
    status: AnswerStatus
    text: str
    reasoning: str
    finish_reason: str | None
    failure: Failure | None
    bill: Bill
    times: Times | None
    """`None` when nobody was there to see any of it."""
    attempts: int
    finished_at: datetime
    max_tokens: int | None = None
    """The most output tokens that were asked for: the lane's own, or what its user's limits allow."""
    timeline: Timeline | None = None
    """`None` when it is not known."""
    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
