"""The shapes of accounts on the wire, as administrators see them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from playground.accounts.roles import Role
from playground.kit.pages import Page
from playground.kit.text import CleanText, not_blank
from playground.kit.wire import Moment, Money, WireInput, WireModel
from playground.limits.policy import LimitOverrides

Sorting = Literal["createdAt", "lastLoginAt", "name", "email", "sessions"]
Order = Literal["asc", "desc"]


class UserItem(WireModel):
    """An account in the list."""

    id: str
    email: str | None = Field(examples=["ada@example.org"])
    username: str | None
    name: str = Field(examples=["Ada"])
    role: Role
    active: bool = Field(description="False: an administrator locked it.")
    limits: dict[str, Any] = Field(
        description="What was set for this user in place of the role's limits, as `PATCH` takes it; empty: nothing.",
        examples=[{"monthlyTokens": 1_000_000}],
    )
    created_at: Moment
    last_login_at: Moment | None
    sessions: int


class UserPage(Page[UserItem]):
    """A page of accounts. `next_cursor` leads to the next; null: this is the last."""


class UsageSoFar(WireModel):
    """What a user has used in the present day and month (UTC), on the server's keys, and what open runs have reserved."""

    day_requests: int
    month_requests: int
    month_tokens: int
    month_cost: Money
    reserved_tokens: int
    reserved_cost: Money


class UserDetail(UserItem):
    """An account, and what belongs to it."""

    bio: str
    usage: UsageSoFar
    logins: int = Field(description="Devices that are logged in.")
    api_keys: int
    provider_keys: int


class UserChange(WireInput):
    """What to change of an account; what is absent stays."""

    role: Role | None = None
    active: Annotated[bool, Field(description="False locks the account: its logins end, and its API keys open nothing.")] | None = None
    limits: Annotated[LimitOverrides, Field(description="In place of what was set before; `{}`: the role's limits hold again.")] | None = (
        None
    )
    name: Annotated[CleanText, AfterValidator(not_blank), Field(max_length=100)] | None = None
