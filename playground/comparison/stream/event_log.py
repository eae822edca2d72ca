"""The event log of a run: every event once, numbered from 1, for any number of readers."""

import sys
from contextlib import suppress
from struct import Struct
from typing import Protocol

import msgspec

from .events import json_text

# Events that aren't chunks are kept whole, under this head.
_WHOLE = 0
_EVENT = Struct("=HIII")
_SIZE = _EVENT.size
_pack, _unpack = _EVENT.pack, _EVENT.unpack_from
MOST_TEXT_BYTES = 4 * 1024 * 1024
"""Under one head: several times what the longest answers of today's models have. A turn of 16 lanes has room in one value of PostgreSQL."""
_MOST_EVENTS = 4_096
"""In one read, so that what a slow reader has not read yet is not looked through again and again."""


_LONGEST_CHARACTER = 6
"""Bytes of one in a JSON string, where it is escaped."""


class TextTooLong(Exception):
    """No more can be added under this head."""


class Listener(Protocol):
    """Is told that a log has news; `urgent`: somebody waits for them."""

    def __call__(self, *, urgent: bool) -> None: ...


class EventLog:
    """Events of one run, in memory once.

    A chunk is kept as its text (the inside of a JSON string) in the one buffer of its head, which is what stands before
    the text in the event: its lane and kind. The event itself is 14 bytes: head, start, length, time. Readers ask for
    all that is new and get it written out in one piece, so that a slow reader gets fewer, larger writes, and nothing
    queues up for it.
    """

    __slots__ = ("_buffers", "_events", "_first_stamp", "_heads", "_listeners", "_prefix", "closed", "run_id")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.closed = False
        """No event will follow."""
        self._heads = [b""]
        self._buffers = [bytearray()]
        # One buffer for all that is known of an event: each more would be another place in memory that every chunk has to reach.
        self._events = bytearray()
        # Stamps are kept as ms since the first of them: half the bytes of the times themselves.
        self._first_stamp: int | None = None
        self._prefix = b"id: %b:" % run_id.encode()
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        """How many events there are, which is the number of the newest."""
        return len(self._events) // _SIZE

    def add_head(self, fields: bytes) -> int:
        """Register what stands before a chunk's text, as `"type":"chunk","lane":0,"model":"sim/quick"`.

        Gives its number for the other calls.
        """
        self._heads.append(b"{" + fields + b',"content":"')
        self._buffers.append(bytearray())
        return len(self._heads) - 1

    def append(self, event: bytes) -> None:
        """Add a whole event (JSON). Call `tell` after the last of several."""
        buffer = self._buffers[_WHOLE]
        self._events += _pack(_WHOLE, len(buffer), len(event), 0)
        buffer += event

    def append_chunk(self, head: int, text: str, timestamp: int) -> None:
        """Add a chunk, `timestamp` in ms since 1970. Call `tell` after the last of several.

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

    def tell(self, *, urgent: bool = False) -> None:
        """Tell those who listen that there is something new; they may take it before this returns."""
        for listener in self._listeners:
            listener(urgent=urgent)

    def listen(self, listener: Listener) -> None:
        """Call `listener` at news from now on, and when the log is closed."""
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def close(self) -> None:
        """No event will follow: readers end when they have read all."""
        self.closed = True
        self.tell(urgent=True)

    def read(self, after: int, limit: int) -> tuple[bytes, int, bool]:
        """The events after number `after` as SSE messages, the number of the last, and whether it is the newest.

        It ends with the newest, or with the event that brings their text to `limit` bytes, or after a few thousand.
        """
        events = self._events
        place = after * _SIZE
        left = len(events) - place
        if left <= 0:
            return b"", after, True
        if left == _SIZE:
            # One event, which is what comes while models write word by word.
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
        # A bytearray's slice stands where bytes are expected: turning it into bytes would copy every text once more.
        content = self._buffers[head][start : start + length]
        if head == _WHOLE:
            return b"%b%d\ndata: %b\n\n" % (self._prefix, number, content)  # type: ignore[str-format]
        parts = (self._prefix, number, self._heads[head], content, (self._first_stamp or 0) + stamp)
        return b'%b%d\ndata: %b%b","timestamp":%d}\n\n' % parts  # type: ignore[str-format]

    def raw_text(self, head: int, since: int = 0) -> bytes:
        """What was written under `head` from byte `since` on, as the inside of a JSON string."""
        return bytes(self._buffers[head][since:])

    def size(self, head: int) -> int:
        """How many bytes `raw_text` has."""
        return len(self._buffers[head])

    def memory(self) -> int:
        """How many bytes all of it takes."""
        return sys.getsizeof(self._events) + sum(map(sys.getsizeof, self._buffers))

    def text(self, head: int) -> str:
        """All that was written under `head`."""
        text: str = msgspec.json.decode(b'"' + self._buffers[head] + b'"')
        return text


def _beginning(content: bytes, size: int) -> str:
    """The text of at most the first `size` bytes of `content`, the inside of a JSON string."""
    for end in range(size, max(size - _LONGEST_CHARACTER, 0), -1):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            text: str = msgspec.json.decode(b'"%b"' % content[:end])
            return text
    return ""
