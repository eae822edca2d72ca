"""The shapes of the audit trail on the wire."""

from typing import Any

from pydantic import Field

from playground.kit.pages import Page
from playground.kit.wire import Moment, WireModel


class Difference(WireModel):
    """One field that changed."""

    before: Any = None
    after: Any = None


class AuditEvent(WireModel):
    """One change: who made it, when, and from where."""

    id: str
    created_at: Moment
    actor_id: str | None = Field(description="Null: the operator, at the terminal.")
    actor: str = Field(examples=["ada@example.org"], description="The email address or name of the user at that time, or `terminal`.")
    action: str = Field(examples=["user.role_changed"])
    target_type: str = Field(examples=["user"])
    target_id: str
    changes: dict[str, Difference] = Field(
        validation_alias="details",
        description="Changes by field. Never contains secrets.",
        examples=[{"role": {"before": "user", "after": "premium"}}],
    )
    address: str | None = Field(description="Address of the client, if known.")
    request_id: str | None = Field(description="The `X-Request-ID` of the response, which is also in the log.")


class AuditPage(Page[AuditEvent]):
    """A page of events, newest first. `next_cursor` leads to the next page; null: this is the last one."""
