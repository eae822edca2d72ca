"""What a reader reads: an event log, from some event on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from .event_log import EventLog


@dataclass(frozen=True, slots=True)
class Subscription:
    """A log, and the number of the last event that the reader already has."""

    log: EventLog
    after: int = 0
    counted: Callable[[], AbstractContextManager[None]] = nullcontext
    """A context that is entered while the log is being read. A run without readers is stopped after a while."""
