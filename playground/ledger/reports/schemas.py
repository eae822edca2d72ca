"""The shapes of cost reports on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel

Dimension = Literal["day", "week", "month", "model", "provider", "user"]
ReportScope = Literal["own", "all"]


class Figures(WireModel):
    """What some answers came to. `cost` is in US dollars; null: there are answers, and the price of none is known.

    `unknown_costs` are the answers whose price is not known; they are in no cost. `estimated_share` is that of the answers whose tokens
    were counted here, since the provider did not say: 0 to 1.
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
    """The figures are those of answers that the service's own keys paid for; what others paid, or nobody, stands apart.

    `requests` are the turns that all of these answers belong to.
    """

    requests: int
    own_key: Figures | None
    """Of answers on the users' own keys; null: there are none."""
    simulated: Figures | None
    """Of simulated models: made up, and no money. Null: there are none."""


class ReportUser(WireModel):
    """Whose requests they were."""

    id: str
    email: str | None
    name: str


class RowSubject(WireModel):
    """What a row is about: the dimensions that were asked for, and no others. A row by model has the model's provider too."""

    day: str | None = None
    """As 2026-11-21."""
    week: str | None = None
    """Its Monday."""
    month: str | None = None
    """As 2026-11."""
    model: str | None = None
    provider: str | None = None
    user: ReportUser | None = None


class CostRow(CostFigures, RowSubject):
    """What the answers of one subject came to."""


class CostReport(WireModel):
    """What answers cost, in rows by what was asked for, and in all. Answers that are still being written are counted apart."""

    since: Annotated[Moment | None, Field(alias="from")]
    until: Annotated[Moment | None, Field(alias="to")]
    timezone: str
    group_by: list[Dimension]
    scope: ReportScope
    rows: list[CostRow]
    total: CostFigures
    running_answers: int
