"""The event log of a run: every event once, numbered from 1, for any number of readers."""

from array import array
from typing import Protocol

import msgspec

from .events import json_text

# Events that aren't chunks are kept whole, under this head.
_WHOLE = 0


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

    __slots__ = (
        "_buffers",
        "_first_stamp",
        "_head_of",
        "_heads",
        "_lengths",
        "_listeners",
        "_prefix",
        "_stamps",
        "_starts",
        "closed",
        "run_id",
    )

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.closed = False
        """No event will follow."""
        self._heads = [b""]
        self._buffers = [bytearray()]
        self._head_of = array("H")
        self._starts = array("I")
        self._lengths = array("I")
        # Since the first of them, in ms: half the bytes of the times themselves.
        self._stamps = array("I")
        self._first_stamp: int | None = None
        self._prefix = b"id: %b:" % run_id.encode()
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        """How many events there are, which is the number of the newest."""
        return len(self._starts)

    def add_head(self, fields: bytes) -> int:
        """Register what stands before a chunk's text, as `"type":"chunk","lane":0,"model":"sim/quick"`.

        Gives its number for the other calls.
        """
        self._heads.append(b"{" + fields + b',"content":"')
        self._buffers.append(bytearray())
        return len(self._heads) - 1

    def append(self, event: bytes) -> None:
        """Add a whole event (JSON). Call `tell` after the last of several."""
        self._add(_WHOLE, event, 0)

    def append_chunk(self, head: int, text: str, timestamp: int) -> None:
        """Add a chunk, `timestamp` in ms since 1970. Call `tell` after the last of several."""
        if self._first_stamp is None:
            self._first_stamp = timestamp
        # A clock that was set back in the meantime makes the first one the earliest.
        self._add(head, json_text(text), max(0, timestamp - self._first_stamp))

    def _add(self, head: int, content: bytes, stamp: int) -> None:
        buffer = self._buffers[head]
        self._head_of.append(head)
        self._starts.append(len(buffer))
        self._lengths.append(len(content))
        self._stamps.append(stamp)
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

    def read(self, after: int, limit: int) -> tuple[bytes, int]:
        """The events after number `after` as SSE messages, and the number of the last.

        It ends with the newest, or with the event that brings their text to `limit` bytes.
        """
        newest = len(self._starts)
        if after >= newest:
            return b"", after
        prefix, heads, buffers = self._prefix, self._heads, self._buffers
        head_of, starts, lengths, stamps = self._head_of, self._starts, self._lengths, self._stamps
        first_stamp = self._first_stamp or 0
        # A bytearray's slice stands where bytes are expected: turning it into bytes would copy every text once more.
        messages = []
        size = 0
        index = after
        while index < newest and size < limit:
            head, start, length = head_of[index], starts[index], lengths[index]
            content = buffers[head][start : start + length]
            if head == _WHOLE:
                messages.append(b"%b%d\ndata: %b\n\n" % (prefix, index + 1, content))  # type: ignore[str-format]
            else:
                parts = (prefix, index + 1, heads[head], content, first_stamp + stamps[index])
                messages.append(b'%b%d\ndata: %b%b","timestamp":%d}\n\n' % parts)  # type: ignore[str-format]
            size += length
            index += 1
        return messages[0] if len(messages) == 1 else b"".join(messages), index

    def raw_text(self, head: int, since: int = 0) -> bytes:
        """What was written under `head` from byte `since` on, as the inside of a JSON string."""
        return bytes(self._buffers[head][since:])

    def text(self, head: int) -> str:
        """All that was written under `head`."""
        text: str = msgspec.json.decode(b'"' + self._buffers[head] + b'"')
        return text
