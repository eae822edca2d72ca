"""The shapes of accounts on the wire as administrators see them."""

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
        description="Limits set for this user instead of the role's, in the form that `PATCH` accepts; empty: none.",
        examples=[{"monthlyTokens": 1_000_000}],
    )
    created_at: Moment
    last_login_at: Moment | None
    sessions: int


class UserPage(Page[UserItem]):
    """A page of accounts. `next_cursor` leads to the next page; null: this is the last one."""


class UsageSoFar(WireModel):
    """What a user has used on the server's keys in the current day and month (UTC), and what running comparisons have reserved."""

    day_requests: int
    month_requests: int
    month_tokens: int
    month_cost: Money
    reserved_tokens: int
    reserved_cost: Money


class UserDetail(UserItem):
    """An account with its usage and the number of its logins and keys."""

    bio: str
    usage: UsageSoFar
    logins: int = Field(description="Devices that are currently logged in.")
    api_keys: int
    provider_keys: int


class UserChange(WireInput):
    """Changes to an account. Absent fields stay the same."""

    role: Role | None = None
    active: Annotated[bool, Field(description="False locks the account: its logins end and its API keys stop working.")] | None = None
    limits: (
        Annotated[LimitOverrides, Field(description="Replaces all limits that were set before; `{}`: the role's limits apply again.")]
        | None
    ) = None
    name: Annotated[CleanText, AfterValidator(not_blank), Field(max_length=100)] | None = None
