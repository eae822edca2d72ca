"""The response bodies of cost reports."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel
from playground.ledger.charges.charge import Source

Dimension = Literal["hour", "day", "week", "month", "model", "provider", "user", "tenant", "key", "source"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
ReportScope = Literal["own", "all"]


class Figures(WireModel):
    """The totals of some answers. `cost` is in US dollars; it is null if there are answers but none has a known price.

    `unknown_costs` is the number of calls whose price is unknown; `cost` doesn't include them. `estimated_answers` is the number of calls,
    and `estimated_share` the share (0 to 1) of them, whose tokens were counted here because the provider sent no usage.
    """

    calls: int
    """Calls to the provider that it may have charged: the answers, and accepted attempts before them."""
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

    `requests` is the number of runs with at least one of these calls.
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
    name: str | None
    """Null if the account was deleted."""


class ReportKey(WireModel):
    """The API key that the requests came with."""

    id: str
    name: str | None
    """Null if the key was deleted."""


class RowSubject(WireModel):
    """The requested dimensions of a row. A row by model also has the model's provider."""

    hour: str | None = None
    """Its beginning, such as 2026-11-21T14:00:00+01:00."""
    day: str | None = None
    """Such as 2026-11-21."""
    week: str | None = None
    """The date of its Monday."""
    month: str | None = None
    """Such as 2026-11."""
    model: str | None = None
    provider: str | None = None
    user: ReportUser | None = None
    tenant: str | None = None
    """The tenant's id; null for requests outside of tenants."""
    key: ReportKey | None = None
    """Null for requests of users who logged in."""
    source: Source | None = None


class CostRow(CostFigures, RowSubject):
    """The totals of one row."""


class CostReport(WireModel):
    """The costs of calls to models, in rows by the requested dimensions, and in total. Running answers are counted separately."""

    since: Annotated[Moment | None, Field(alias="from")]
    until: Annotated[Moment | None, Field(alias="to")]
    timezone: str
    group_by: list[Dimension]
    scope: ReportScope
    rows: list[CostRow]
    total: CostFigures
    running_answers: int
