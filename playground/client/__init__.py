"""A client of a running Playground, for programs: `Playground`, and `AsyncPlayground` with the same methods.

    from playground.client import Playground

    with Playground("http://127.0.0.1:4000", key="pg_...") as playground:
        for event in playground.compare("Explain recursion", ["sim/quick", "sim/careful"]):
            print(event)

`Run` is a comparison that is being read: an iterator of typed events that resumes by itself after a lost connection, and keeps what it
has read so far (`answers`). Sessions and reports are the JSON objects of the API, which `docs/api/` describes.

Before changing it: everything that is exported here is public. It knows the API, and nothing of the service behind it.
"""

from playground.comparison.stream.events import (
    ChunkEvent,
    DoneEvent,
    ErrorEvent,
    MetricsEvent,
    SessionEvent,
    SourcesEvent,
    StatusEvent,
)

from .asynchronous import AsyncPlayground, AsyncRun
from .errors import ApiError, ClientError, ConnectionLost
from .reading import Answer, Event
from .synchronous import Playground, Run

__all__ = [
    "Answer",
    "ApiError",
    "AsyncPlayground",
    "AsyncRun",
    "ChunkEvent",
    "ClientError",
    "ConnectionLost",
    "DoneEvent",
    "ErrorEvent",
    "Event",
    "MetricsEvent",
    "Playground",
    "Run",
    "SessionEvent",
    "SourcesEvent",
    "StatusEvent",
]
