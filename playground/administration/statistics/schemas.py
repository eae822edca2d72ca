"""The shapes of statistics on the wire."""

from typing import Literal

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel

Bucket = Literal["hour", "day", "week", "month"]


class Figures(WireModel):
    """What happened in a period of time. Answers, with their tokens and costs, count in the period in which they began."""

    new_users: int
    active_users: int = Field(description="Users who started a turn.")
    sessions: int = Field(description="Sessions that were created.")
    turns: int
    answers: int
    input_tokens: int
    output_tokens: int
    simulated_tokens: int = Field(description="The input and output tokens of simulated models.")
    cost: Money = Field(description="Real costs on the server's keys. Answers with an unknown cost are not included.")
    own_key_cost: Money = Field(description="Real costs on the users' own keys. Not included in `cost`.")
    simulated_cost: Money = Field(description="Simulated costs. Not included in `cost`.")
    unknown_costs: int = Field(description="Finished answers with an unknown cost.")
    errors: int = Field(description="Failed answers.")


class TimedFigures(Figures):
    """What happened in one bucket."""

    start: Moment


class ErrorCount(WireModel):
    """The number of answers that failed with one error code."""

    code: str = Field(examples=["rate_limited"])
    errors: int


class ProviderErrors(WireModel):
    """The number of answers of one provider, and how many failed."""

    provider: str = Field(examples=["groq"])
    answers: int
    errors: int


class Statistics(WireModel):
    """What happened between two times. `series` has every bucket (UTC), including empty ones.

    The first and the last bucket may be partial: they only count what is within the two times.
    """

    since: Moment = Field(serialization_alias="from")
    until: Moment = Field(serialization_alias="to")
    bucket: Bucket
    users: int = Field(description="Existing accounts that were created before `to`.")
    totals: Figures
    series: list[TimedFigures]
    errors_by_code: list[ErrorCount]
    errors_by_provider: list[ProviderErrors]
