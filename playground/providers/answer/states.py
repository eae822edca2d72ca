"""The states of one answer while its bytes arrive, and the events that change them.

Theory of operation
-------------------

A provider's answer has no reliable end. `[DONE]` is often missing, connections break after a complete answer, a finish reason may come
once at the end or with every chunk, and some servers send one JSON object instead of the requested stream. Two rules apply:

1. Every event moves the answer along `TRANSITIONS`, and nothing else changes its state. Several texts of one read are one `TEXT`. In
   `WRITING` no event is reported for text, since it would change nothing, so the usual chunk costs nothing here.

2. Other code depends only on the state of the answer:

   | state       | bytes are                      | at the end of the connection          | waited for (`timeouts`)        |
   | ----------- | ------------------------------ | ------------------------------------- | ------------------------------ |
   | `BLANK`     | checked for the first byte     | broken off                            | as for the first text          |
   | `OBJECT`    | kept until the end             | read as one JSON object               | as for the first text          |
   | `WRITING`   | read                           | broken off, unless a usage came last  | as for more text               |
   | `REASONED`  | read                           | complete                              | as for more text, but not anew |
   | `CLOSING`   | read                           | complete                              | for a few seconds              |
   | `RESUMED`   | read                           | complete if it was closed in order    | as for more text               |
   | `OVER`      | ignored                        | as it was when it was over            | not any more                   |

   BLANK ─ OBJECT_BEGAN ──> OBJECT ───────────────────────────────────── FAILED, ENDED ──> OVER
     └──── STREAM_BEGAN ──> WRITING ─ REASON_WITH_TEXT ─> REASONED ─┐                       ↑
                               └────────────── REASON ───> CLOSING ─┼─ DONE, FAILED, ENDED ─┘
                                             (from any)             │
                                                        RESUMED <───┘ TEXT
"""

from collections.abc import Mapping
from enum import Enum, auto


class State(Enum):
    """The states of an answer."""

    BLANK = auto()
    """Only white space has arrived."""
    OBJECT = auto()
    """One JSON object is arriving instead of an event stream."""
    WRITING = auto()
    """An event stream is arriving, without a finish reason so far."""
    REASONED = auto()
    """A finish reason came with the last text: the end, or a server that sends one with every chunk."""
    CLOSING = auto()
    """A finish reason came by itself: only the usage and the end should follow."""
    RESUMED = auto()
    """Text came after a finish reason, which therefore wasn't one."""
    OVER = auto()
    """`[DONE]` came, the answer failed, or the connection ended. Further data is ignored."""


class Event(Enum):
    """The events that change the state of an answer."""

    STREAM_BEGAN = auto()
    """The first byte arrived, and starts an event stream or something unexpected."""
    OBJECT_BEGAN = auto()
    """The first byte arrived, and starts a JSON object or list."""
    TEXT = auto()
    """Text or reasoning came after a finish reason."""
    REASON = auto()
    """A finish reason came without text."""
    REASON_WITH_TEXT = auto()
    """A finish reason came in a chunk with text."""
    DONE = auto()
    """`[DONE]` came."""
    FAILED = auto()
    """An error came, or something invalid."""
    ENDED = auto()
    """The connection ended, or is no longer waited for."""


_LAST = {Event.DONE: State.OVER, Event.FAILED: State.OVER, Event.ENDED: State.OVER}

TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.BLANK: {
        Event.STREAM_BEGAN: State.WRITING,
        Event.OBJECT_BEGAN: State.OBJECT,
        Event.FAILED: State.OVER,
    },
    # The finish reason in the object has no effect, since it is read at the end.
    State.OBJECT: {
        Event.REASON: State.OBJECT,
        Event.REASON_WITH_TEXT: State.OBJECT,
        Event.FAILED: State.OVER,
        Event.ENDED: State.OVER,
    },
    State.WRITING: {Event.REASON: State.CLOSING, Event.REASON_WITH_TEXT: State.REASONED, **_LAST},
    State.REASONED: {Event.TEXT: State.RESUMED, Event.REASON: State.CLOSING, Event.REASON_WITH_TEXT: State.REASONED, **_LAST},
    # A second reason, with text that adds nothing, such as the whole answer repeated, has no effect.
    State.CLOSING: {Event.TEXT: State.RESUMED, Event.REASON: State.CLOSING, Event.REASON_WITH_TEXT: State.CLOSING, **_LAST},
    State.RESUMED: {Event.TEXT: State.RESUMED, Event.REASON: State.CLOSING, Event.REASON_WITH_TEXT: State.RESUMED, **_LAST},
    # Earlier text of the same read, or text that was waiting, such as another choice that turns out to be the answer, is processed at the
    # end.
    State.OVER: dict.fromkeys((Event.TEXT, Event.REASON, Event.REASON_WITH_TEXT, Event.ENDED), State.OVER),
}


class Progress:
    """The state of one answer."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.BLANK

    def on(self, event: Event) -> None:
        """Move to the next state after `event`. Raises `KeyError` for an event that can't happen in this state."""
        self.state = TRANSITIONS[self.state][event]
