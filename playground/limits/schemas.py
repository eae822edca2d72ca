"""The shapes of usage on the wire."""

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel


class RateUsage(WireModel):
    """Requests in a moving window: each request counts for `seconds`."""

    max: int | None = Field(examples=[1000], description="Null: no limit.")
    used: int = Field(examples=[13], description="Requests in the last `seconds`. Without a limit, nothing is counted.")
    left: int | None = Field(examples=[987], description="Null: no limit.")
    seconds: int | None = Field(examples=[900], description="The window's length; null: no limit.")
    resets_at: Moment | None = Field(
        examples=["2026-11-21T09:30:00.000Z"], description="When the oldest request leaves the window; null: the window is empty."
    )


class RequestUsage(WireModel):
    """Turns in a day or a month (UTC)."""

    max: int | None = Field(examples=[50], description="Null: no limit.")
    used: int = Field(examples=[3])
    left: int | None = Field(examples=[47], description="Null: no limit.")
    resets_at: Moment = Field(examples=["2026-11-22T00:00:00.000Z"])


class TokenUsage(RequestUsage):
    """Tokens in a month (UTC)."""

    reserved: int = Field(examples=[8300], description="The most that running comparisons may use.")


class BudgetUsage(WireModel):
    """US dollars in a month (UTC). Unknown and simulated costs are not included."""

    max: Money | None = Field(examples=["25"], description="Null: no limit.")
    used: Money = Field(examples=["1.204"])
    reserved: Money = Field(examples=["0.0166"], description="The most that running comparisons may cost.")
    left: Money | None = Field(examples=["23.7794"], description="Null: no limit.")
    resets_at: Moment = Field(examples=["2026-12-01T00:00:00.000Z"])


class StorageUsage(WireModel):
    """Bytes of attached files. A content that you uploaded under several names counts once."""

    max: int | None = Field(examples=[104857600], description="Null: no limit.")
    used: int = Field(examples=[48213])
    left: int | None = Field(examples=[104809387], description="Null: no limit.")


class Usage(WireModel):
    """What a user has used and has left of each limit."""

    requests: RateUsage
    streams: RateUsage
    daily_requests: RequestUsage
    monthly_requests: RequestUsage
    monthly_tokens: TokenUsage
    monthly_budget: BudgetUsage
    storage: StorageUsage
