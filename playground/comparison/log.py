"""The event log of a run: every event once, numbered from 1, for any number of readers."""

from array import array

import anyio
import msgspec

from .events import json_text

# Events that aren't chunks are kept whole, under this head.
_WHOLE = 0


class EventLog:
    """Events of one run, in memory once.

    A chunk is kept as its text (the inside of a JSON string) in the one buffer of its head, which is what stands before
    the text in the event: its lane and kind. The event itself is 22 bytes: head, start, length, time. Readers ask for
    all that is new and get it written out in one piece, so that a slow reader gets fewer, larger writes, and nothing
    queues up for it.
    """

    __slots__ = ("_buffers", "_head_of", "_heads", "_lengths", "_news", "_stamps", "_starts", "closed", "run_id")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.closed = False
        """No event will follow."""
        self._heads = [b""]
        self._buffers = [bytearray()]
        self._head_of = array("H")
        self._starts = array("Q")
        self._lengths = array("I")
        self._stamps = array("Q")
        self._news: anyio.Event | None = None

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
        """Add a whole event (JSON) and wake the readers."""
        self._add(_WHOLE, event, 0)
        self.wake()

    def append_chunk(self, head: int, text: str, timestamp: int) -> None:
        """Add a chunk, `timestamp` in ms since 1970. Call `wake` after the last of several."""
        self._add(head, json_text(text), timestamp)

    def _add(self, head: int, content: bytes, timestamp: int) -> None:
        buffer = self._buffers[head]
        self._head_of.append(head)
        self._starts.append(len(buffer))
        self._lengths.append(len(content))
        self._stamps.append(timestamp)
        buffer += content

    def wake(self) -> None:
        """Tell waiting readers that there is something new."""
        if self._news is not None:
            self._news.set()
            self._news = None

    def close(self) -> None:
        """No event will follow: readers end when they have read all."""
        self.closed = True
        self.wake()

    async def news(self) -> None:
        """Wait until something is added, or the log is closed, after this call."""
        if self._news is None:
            self._news = anyio.Event()
        await self._news.wait()

    def read(self, after: int, limit: int) -> tuple[bytes, int]:
        """The events after number `after` as SSE messages, and the number of the last.

        It ends with the newest, or with the event that brings their text to `limit` bytes.
        """
        run_id, heads, buffers = self.run_id.encode(), self._heads, self._buffers
        # A bytearray's slice stands where bytes are expected: turning it into bytes would copy every text once more.
        messages = []
        size = 0
        number = after
        for number in range(after + 1, len(self._starts) + 1):
            head, start, length = self._head_of[number - 1], self._starts[number - 1], self._lengths[number - 1]
            content = buffers[head][start : start + length]
            if head == _WHOLE:
                messages.append(b"id: %b:%d\ndata: %b\n\n" % (run_id, number, content))  # type: ignore[str-format]
            else:
                stamp = self._stamps[number - 1]
                messages.append(b'id: %b:%d\ndata: %b%b","timestamp":%d}\n\n' % (run_id, number, heads[head], content, stamp))  # type: ignore[str-format]
            size += length
            if size >= limit:
                break
        return b"".join(messages), number

    def raw_text(self, head: int, since: int = 0) -> bytes:
        """What was written under `head` from byte `since` on, as the inside of a JSON string."""
        return bytes(self._buffers[head][since:])

    def text(self, head: int) -> str:
        """All that was written under `head`."""
        text: str = msgspec.json.decode(b'"' + self._buffers[head] + b'"')
        return text
