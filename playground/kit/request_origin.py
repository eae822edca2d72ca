"""Where the request came from that is being served, for what is written down far from its endpoint."""

from contextvars import ContextVar
from typing import NamedTuple


class Origin(NamedTuple):
    """All `None` outside of a request, as at the terminal."""

    address: str | None = None
    """Of the client, as far as it is known."""
    request_id: str | None = None
    received_at: float | None = None
    """When its head had been read (monotonic seconds)."""
    traceparent: str | None = None
    """Which trace it belongs to, as the client says (W3C Trace Context)."""


ORIGIN: ContextVar[Origin] = ContextVar("playground_origin", default=Origin())  # noqa: B039 - it can't be changed
"""Of the request that the current task serves; set around every request."""
