"""Server-sent events as bytes: the payloads of a `text/event-stream`, from pieces split anywhere.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream: lines end at LF, CR or CRLF and nowhere else
(a model's text may contain U+2028 or U+0085), lines that start with a colon are comments, and the `data` lines of one event are joined by
LF. Three things differ: only the field `data` is kept, since OpenAI's protocol puts everything there; `flush` returns an event that is
unfinished at the end of the stream, since some servers omit the last blank line; and an error next to the data is returned as `{"error":
...}`: llama.cpp's field `error`, an event with such a name, and JSON without its field name.
"""

import msgspec

MAX_EVENT_BYTES = 16 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_PREFIX = b"data: "
_PREFIX_LENGTH = len(_PREFIX)
_LF = ord("\n")
_BETWEEN = b"\n\n" + _PREFIX
_ERROR_FIELDS = (b"error", b"Error", b"ERROR")
_ERROR_EVENTS = (b"error", b"exception", b"failed", b"failure")
"""The ends of event names that mean an error: `response.failed`, `internalServerException`."""


class EventTooLargeError(Exception):
    """An event is larger than `MAX_EVENT_BYTES`, so this is not a stream of answers."""


class EventSplitter:
    """Splits bytes into payloads of events. One per stream.

    The usual `data: {...}` between blank lines is split by two searches over the whole read, without work per event in Python. The bytes of
    an unfinished event are kept in a list and joined once, so the size of the pieces doesn't matter.
    """

    __slots__ = ("_at_start", "_ends_with_lf", "_pieces", "_size", "_skip_lf")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._ends_with_lf = False
        self._skip_lf = False
        self._at_start = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads of the events that `data` completes. Events without data, such as comments, have none.

        Raises `EventTooLargeError` if more data arrives for an event that is already too large.
        """
        if not self._pieces and not self._skip_lf and data.startswith(_PREFIX) and b"\r" not in data:
            # One complete event, the usual case while a model writes word by word.
            end = len(data) - 2
            if data.find(b"\n") == end and data[-1] == _LF:
                self._at_start = False
                return [data[_PREFIX_LENGTH:end]]
        if self._size > MAX_EVENT_BYTES:
            raise EventTooLargeError
        if self._skip_lf or b"\r" in data:
            data = self._with_lf(data)
        end = data.rfind(b"\n\n")
        if self._pieces:
            if end < 0 and not (self._ends_with_lf and data.startswith(b"\n")):
                self._keep(data)
                return []
            self._pieces.append(data)
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            end = data.rfind(b"\n\n")
        if end < 0:
            self._keep(data)
            return []
        if end + 2 < len(data):
            self._keep(data[end + 2 :])
        return self._payloads(data[:end])

    def flush(self) -> list[bytes]:
        """Return the payload of the event that was unfinished at the end of the stream, if any."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return self._payloads(rest)

    def _keep(self, data: bytes) -> None:
        if data:
            self._pieces.append(data)
            self._size += len(data)
            self._ends_with_lf = data.endswith(b"\n")

    def _with_lf(self, data: bytes) -> bytes:
        """Return `data` with every line ending as LF. A CR at the end counts as a line ending; an LF that follows belongs to it."""
        if not data:
            return data
        if self._skip_lf and data.startswith(b"\n"):
            data = data[1:]
        self._skip_lf = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _payloads(self, events: bytes) -> list[bytes]:
        if self._at_start and events:
            self._at_start = False
            events = events.removeprefix(_BOM)
        if events.startswith(_PREFIX):
            payloads = events[_PREFIX_LENGTH:].split(_BETWEEN)
            if events.count(b"\n") == 2 * (len(payloads) - 1):
                return payloads
        return [payload for event in events.split(b"\n\n") for payload in _payloads_of(event) if payload]


def _payloads_of(event: bytes) -> list[bytes]:
    """Return the joined data of one event's lines, and the error that it has in a special form; empty if there is none."""
    if event.startswith(_PREFIX) and b"\n" not in event:
        return [event[_PREFIX_LENGTH:]]
    lines: list[bytes] = []
    errors: list[bytes] = []
    failed = False
    all_lines = event.split(b"\n")
    for place, line in enumerate(all_lines):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" "))
        elif name in _ERROR_FIELDS:
            errors.append(_as_error(value))
        elif name == b"event":
            failed = failed or value.strip().lower().endswith(_ERROR_EVENTS)
        elif line.startswith(b"{"):
            if line.rstrip().endswith(b"}"):
                errors.append(line)
            else:  # On several lines.
                errors.append(b"\n".join(all_lines[place:]))
                break
    data = b"\n".join(lines)
    if failed:
        data = _as_error(data)
    return [data, *errors] if data else errors


def _as_error(value: bytes) -> bytes:
    """Return the content of a field `error`, or of an event with such a name, as the payload that most servers send instead."""
    try:
        says_something = bool(msgspec.json.decode(value))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = msgspec.json.encode(value.decode("utf-8", "replace").strip())
        says_something = len(value) > len('""')
    if not says_something:
        value = b'"an error without words"'
    return b'{"error":%b}' % value
