"""The shapes of statistics on the wire."""

from typing import Literal

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel

Bucket = Literal["hour", "day", "week", "month"]


class Figures(WireModel):
    """What happened in a stretch of time. Answers and what they took count where the answer began."""

    new_users: int
    active_users: int = Field(description="Who started a turn.")
    sessions: int = Field(description="That were begun.")
    turns: int
    answers: int
    input_tokens: int
    output_tokens: int
    simulated_tokens: int = Field(description="Of input and output: those of simulated models.")
    cost: Money = Field(description="Real money on the server's own keys. Answers whose cost is not known are not in it.")
    own_key_cost: Money = Field(description="Real money on keys of users, which is not in `cost`.")
    simulated_cost: Money = Field(description="Made up, and not in `cost`.")
    unknown_costs: int = Field(description="Answers that are over and whose cost is not known.")
    errors: int = Field(description="Answers that failed.")


class TimedFigures(Figures):
    """What happened in one bucket."""

    start: Moment


class ErrorCount(WireModel):
    """How many answers failed with one code."""

    code: str = Field(examples=["rate_limited"])
    errors: int


class ProviderErrors(WireModel):
    """How many answers of one provider failed."""

    provider: str = Field(examples=["groq"])
    answers: int
    errors: int


class Statistics(WireModel):
    """What happened between two times. `series` has every bucket (UTC), also those in which nothing happened.

    The first and the last may be cut: what they count is within the two times.
    """

    since: Moment = Field(serialization_alias="from")
    until: Moment = Field(serialization_alias="to")
    bucket: Bucket
    users: int = Field(description="Accounts that there are now and were made before `to`.")
    totals: Figures
    series: list[TimedFigures]
    errors_by_code: list[ErrorCount]
    errors_by_provider: list[ProviderErrors]
