"""The response body of the report on models."""

from typing import Annotated, Literal

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel
from playground.ledger.reports.schemas import ReportScope

Period = Literal["day", "week", "month"]


class Percentiles(WireModel):
    """The middle and the slow end of some times. 90 and 99 of 100 answers were at least as good as `p90` and `p99`."""

    p50: float
    p90: float
    p99: float


class ModelRow(WireModel):
    """How one model did, in one period if periods were requested. Shares are of `answers`, 0 to 1."""

    model: str
    provider: str
    simulated: bool
    period: str | None
    """The day, the Monday of the week, or the month, such as 2026-11; null if no periods were requested."""
    calls: int
    """Calls that the provider may have charged: the answers, and accepted attempts before them."""
    answers: int
    failures: dict[str, int]
    """Failed calls by error code."""
    failure_share: float
    """Of `answers`."""
    cut_share: float
    """Answers that ended at a limit of tokens."""
    empty_share: float
    """Completed answers without any text."""
    time_to_first_token: Percentiles | None
    """In ms; null if no answer has one."""
    time_to_first_answer: Percentiles | None
    """In ms, until the first text that is not thinking."""
    time_per_token: Percentiles | None
    """In ms between tokens: the inverse of `tokens_per_second`."""
    tokens_per_second: Percentiles | None
    output_tokens: int
    cost: Money | None
    """In US dollars, on the service's and on users' keys; null if no call has a known price."""
    unknown_costs: int
    """Calls whose price is unknown; they are not in the costs."""
    cost_per_call: Money | None
    """Of the calls with a known price, to 12 decimal places."""
    cost_per_1000_output_tokens: Annotated[Money | None, Field(alias="costPer1000OutputTokens")]


class ModelReport(WireModel):
    """How models did, the most used first, or by period."""

    since: Annotated[Moment | None, Field(alias="from")]
    until: Annotated[Moment | None, Field(alias="to")]
    timezone: str
    scope: ReportScope
    period: Period | None
    rows: list[ModelRow]
