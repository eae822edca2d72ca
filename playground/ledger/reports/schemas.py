"""The response bodies of cost reports."""

from typing import Annotated, Literal

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel

Dimension = Literal["day", "week", "month", "model", "provider", "user"]
ReportScope = Literal["own", "all"]


class Figures(WireModel):
    """The totals of some answers. `cost` is in US dollars; it is null if there are answers but none has a known price.

    `unknown_costs` is the number of answers whose price is unknown; `cost` doesn't include them. `estimated_share` is the share (0 to 1) of
    answers whose tokens were counted here because the provider sent no usage.
    """

    answers: int
    failed_answers: int
    input_tokens: int
    output_tokens: int
    estimated_answers: int
    estimated_share: float
    cost: Money | None
    unknown_costs: int


class CostFigures(Figures):
    """Totals. The top-level fields are for answers with the service's keys; those with users' keys and of simulated models are separate.

    `requests` is the number of turns with at least one of these answers.
    """

    requests: int
    own_key: Figures | None
    """Answers with users' own keys; null if there are none."""
    simulated: Figures | None
    """Answers of simulated models, whose costs are invented and not billed; null if there are none."""


class ReportUser(WireModel):
    """The user who sent the requests."""

    id: str
    email: str | None
    name: str


class RowSubject(WireModel):
    """The requested dimensions of a row. A row by model also has the model's provider."""

    day: str | None = None
    """Such as 2026-11-21."""
    week: str | None = None
    """The date of its Monday."""
    month: str | None = None
    """Such as 2026-11."""
    model: str | None = None
    provider: str | None = None
    user: ReportUser | None = None


class CostRow(CostFigures, RowSubject):
    """The totals of one row."""


class CostReport(WireModel):
    """The costs of answers, in rows by the requested dimensions, and in total. Running answers are counted separately."""

    since: Annotated[Moment | None, Field(alias="from")]
    until: Annotated[Moment | None, Field(alias="to")]
    timezone: str
    group_by: list[Dimension]
    scope: ReportScope
    rows: list[CostRow]
    total: CostFigures
    running_answers: int
