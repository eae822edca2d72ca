"""Somebody reads a run, or the record of one."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from .event_log import EventLog


@dataclass(frozen=True, slots=True)
class Reading:
    """A log, and the number of the event after which somebody reads it."""

    log: EventLog
    after: int = 0
    counted: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered while it is read: a run without any reader is stopped after a while."""
