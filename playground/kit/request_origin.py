"""The origin of the current request, for records that are written far from its endpoint."""

from contextvars import ContextVar
from typing import NamedTuple


class Origin(NamedTuple):
    """All `None` outside a request, such as at the terminal."""

    address: str | None = None
    """The address of the client, if known."""
    request_id: str | None = None
    received_at: float | None = None
    """When the head of the request was read (monotonic seconds)."""
    traceparent: str | None = None
    """The trace that the request belongs to, according to the client (W3C Trace Context)."""


ORIGIN: ContextVar[Origin] = ContextVar("playground_origin", default=Origin())  # noqa: B039 - it can't be changed
"""The origin of the request that the current task serves. Set for every request."""
