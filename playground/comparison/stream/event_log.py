"""The event log of a run: every event is stored once, numbered from 1, for any number of readers."""

import sys
from contextlib import suppress
from struct import Struct
from typing import Protocol

import msgspec

from .events import json_text

# Events that aren't chunks are stored whole, under this head.
_WHOLE = 0
_EVENT = Struct("=HIII")
_SIZE = _EVENT.size
_pack, _unpack = _EVENT.pack, _EVENT.unpack_from
MOST_TEXT_BYTES = 4 * 1024 * 1024
"""Per head: several times the longest answers of today's models. The texts of 16 lanes still fit into one PostgreSQL value."""
_MOST_EVENTS = 4_096
"""Per read, so that a slow reader's unread events aren't scanned again and again."""


_LONGEST_CHARACTER = 6
"""Bytes of an escaped character in a JSON string."""


class TextTooLong(Exception):
    """The text under this head has reached its limit."""


class Listener(Protocol):
    """Called when a log has new events. `urgent`: someone is waiting for them."""

    def __call__(self, *, urgent: bool) -> None: ...


class EventLog:
    """The events of one run, stored in memory once.

    A head is the part of a chunk event before its text: the lane and kind. All texts of one head (as contents of JSON
    strings) are in one buffer, and an event is 14 bytes: head, start, length, time. A reader reads everything new in
    one piece, so a slow reader gets fewer, larger writes, and nothing is queued for it.
    """

    __slots__ = ("_buffers", "_events", "_first_stamp", "_heads", "_listeners", "_prefix", "closed", "run_id")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.closed = False
        """No more events will be added."""
        self._heads = [b""]
        self._buffers = [bytearray()]
        # One buffer for all fields of the events, since each further buffer would be another memory access for every chunk.
        self._events = bytearray()
        # Timestamps are stored as ms since the first one, which takes half the bytes.
        self._first_stamp: int | None = None
        self._prefix = b"id: %b:" % run_id.encode()
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        """Return the number of events, which is also the number of the newest one."""
        return len(self._events) // _SIZE

    def add_head(self, fields: bytes) -> int:
        """Register the fields before a chunk's text, such as `"type":"chunk","lane":0,"model":"sim/quick"`.

        Returns the number of the head, for the other methods.
        """
        self._heads.append(b"{" + fields + b',"content":"')
        self._buffers.append(bytearray())
        return len(self._heads) - 1

    def append(self, event: bytes) -> None:
        """Add a whole event (JSON). Call `notify` after the last of several."""
        buffer = self._buffers[_WHOLE]
        self._events += _pack(_WHOLE, len(buffer), len(event), 0)
        buffer += event

    def append_chunk(self, head: int, text: str, timestamp: int) -> None:
        """Add a chunk, `timestamp` in ms since 1970. Call `notify` after the last of several.

        Raises `TextTooLong` after adding what there was room for.
        """
        first_stamp = self._first_stamp
        if first_stamp is None:
            self._first_stamp = first_stamp = timestamp
        content = json_text(text)
        buffer = self._buffers[head]
        start, length = len(buffer), len(content)
        if start + length > MOST_TEXT_BYTES:
            fitting = _beginning(content, MOST_TEXT_BYTES - start)
            if fitting:
                self.append_chunk(head, fitting, timestamp)
            raise TextTooLong
        # A clock that was set back in the meantime makes the first one the earliest.
        self._events += _pack(head, start, length, timestamp - first_stamp if timestamp > first_stamp else 0)
        buffer += content

    def notify(self, *, urgent: bool = False) -> None:
        """Call the listeners, because there are new events. They may read them before this returns."""
        for listener in self._listeners:
            listener(urgent=urgent)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener` from now on when there are new events, and when the log is closed."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling `listener`."""
        self._listeners.remove(listener)

    def close(self) -> None:
        """Add no more events. Readers end after the last one."""
        self.closed = True
        self.notify(urgent=True)

    def read(self, after: int, limit: int) -> tuple[bytes, int, bool]:
        """Return the events after number `after` as SSE messages, the number of the last one, and whether it is the newest.

        Stops at the newest event, at the one with which the text reaches `limit` bytes, or after a few thousand events.
        """
        events = self._events
        place = after * _SIZE
        left = len(events) - place
        if left <= 0:
            return b"", after, True
        if left == _SIZE:
            # A single new event, the usual case while models write word by word.
            return self._message(after + 1, *_unpack(events, place)), after + 1, True
        messages = []
        size = 0
        number = after
        for head, start, length, stamp in _EVENT.iter_unpack(events[place : place + _MOST_EVENTS * _SIZE]):
            if size >= limit:
                break
            number += 1
            size += length
            messages.append(self._message(number, head, start, length, stamp))
        return b"".join(messages), number, number * _SIZE == len(events)

    def _message(self, number: int, head: int, start: int, length: int, stamp: int) -> bytes:
        # A bytearray slice is used where bytes are expected, since a conversion would copy every text once more.
        content = self._buffers[head][start : start + length]
        if head == _WHOLE:
            return b"%b%d\ndata: %b\n\n" % (self._prefix, number, content)  # type: ignore[str-format]
        parts = (self._prefix, number, self._heads[head], content, (self._first_stamp or 0) + stamp)
        return b'%b%d\ndata: %b%b","timestamp":%d}\n\n' % parts  # type: ignore[str-format]

    def raw_text(self, head: int, since: int = 0) -> bytes:
        """Return the text under `head` from byte `since` on, as the content of a JSON string."""
        return bytes(self._buffers[head][since:])

    def size(self, head: int) -> int:
        """Return the length of `raw_text` in bytes."""
        return len(self._buffers[head])

    def memory(self) -> int:
        """Return the memory used by the log, in bytes."""
        return sys.getsizeof(self._events) + sum(map(sys.getsizeof, self._buffers))

    def text(self, head: int) -> str:
        """Return the whole text under `head`."""
        text: str = msgspec.json.decode(b'"' + self._buffers[head] + b'"')
        return text


def _beginning(content: bytes, size: int) -> str:
    """Return the text of at most the first `size` bytes of `content`, the content of a JSON string."""
    for end in range(size, max(size - _LONGEST_CHARACTER, 0), -1):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            text: str = msgspec.json.decode(b'"%b"' % content[:end])
            return text
    return ""
