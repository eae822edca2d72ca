"""However the bytes of a stream are cut, they mean the same."""

import json
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.providers.answer.reader import AnswerReader
from playground.providers.answer.sse import MAX_EVENT_BYTES, EventSplitter, EventTooLargeError
from playground.providers.answer.states import State
from playground.providers.calls import Delta
from playground.providers.records import Provider

from .upstream import DONE, event, finish_chunk, text_chunk

LAB = Provider(id="lab", name="The lab", base_url="http://127.0.0.1:1/v1")

eols = st.sampled_from([b"\n", b"\r\n", b"\r"])
# A line that begins like this is an error, unlike in the standard.
values = st.binary(max_size=8).filter(lambda data: b"\n{" not in data and b"\r{" not in data)
lines = st.one_of(
    values.map(lambda data: b"data: " + data),
    values.map(lambda data: b"data:" + data),
    st.sampled_from([b"data", b": comment", b"event: message", b"id: 7", b"", b"", b"data: {}", b"dat", b"data: a: b", b"\xef\xbb\xbf"]),
)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


def payloads_by_the_standard(stream: bytes) -> list[bytes]:
    """The parsing of the HTML standard, line by line, where `EventSplitter` works on whole reads."""
    stream = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    payloads: list[bytes] = []
    data: list[bytes] = []
    for line in [*stream.split(b"\n"), b""]:
        if not line:
            if b"\n".join(data):
                payloads.append(b"\n".join(data))
            data = []
        elif line == b"data":
            data.append(b"")
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
    return payloads


@given(st.lists(st.tuples(lines, eols)), st.lists(st.integers(0, 1_000)))
def test_any_stream_in_any_pieces_gives_the_payloads_of_the_standard(parts: list[tuple[bytes, bytes]], places: list[int]) -> None:
    stream = b"".join(line + eol for line, eol in parts)
    splitter = EventSplitter()
    payloads = [payload for piece in cut(stream, places) for payload in splitter.feed(piece)] + splitter.flush()
    assert [payload for payload in payloads if payload] == payloads_by_the_standard(stream)


@given(st.lists(st.text(min_size=1)), st.booleans(), eols, st.lists(st.integers(0, 10_000)))
def test_any_text_in_any_pieces_gives_the_same_deltas(texts: list[str], escaped: bool, eol: bytes, places: list[int]) -> None:
    assume(re.match(r"\s*(<[/|\w]|\[think|◁)", "".join(texts), re.IGNORECASE) is None)  # What may be a tag is no text.
    chunks = [text_chunk(text) for text in texts]
    stream = b"".join(b"data: " + json.dumps(chunk, ensure_ascii=escaped).encode() + eol + eol for chunk in chunks)
    reader = AnswerReader(LAB)
    deltas = [delta for piece in cut(stream + event(finish_chunk()) + DONE, places) for delta in reader.feed(piece)] + reader.end()
    expected = [text.replace("\0", "\ufffd") for text in texts]
    assert "".join(delta.text for delta in deltas) == "".join(expected)
    # White space at the start, and what may become a tag before reasoning, wait for the text that follows.
    if expected and expected[0].strip() and not expected[0].lstrip().startswith(("<", "[", "◁")):
        assert deltas == [Delta(text, False) for text in expected]
    assert reader.failure is None


@given(st.text(min_size=1), st.lists(st.integers(0, 10_000)))
def test_any_text_cut_into_utf16_units_is_joined_again(text: str, places: list[int]) -> None:
    units = text.encode("utf-16-be")
    escapes = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    stream = b"".join(event(r'{"choices":[{"delta":{"content":"\u' + escape + '"}}]}') for escape in escapes)
    reader = AnswerReader(LAB)
    deltas = [delta for piece in cut(stream, places) for delta in reader.feed(piece)] + reader.end()
    assert "".join(delta.text for delta in deltas) == text.replace("\0", "\ufffd")


@given(st.binary(), st.lists(st.integers(0, 1_000)))
def test_no_bytes_raise_an_exception(data: bytes, places: list[int]) -> None:
    reader = AnswerReader(LAB)
    for piece in cut(data, places):
        reader.feed(piece)
    reader.end()
    assert reader.progress.state is State.OVER
    # A stream that has nothing but its end is complete, although empty.
    assert reader.failure is not None or b"[DONE]" in data


def test_an_event_may_be_large_but_not_endless() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: " + b"x" * (MAX_EVENT_BYTES - 6)) == []
    assert splitter.feed(b"y") == []
    with pytest.raises(EventTooLargeError):
        splitter.feed(b"\n\n")


def test_events_before_a_large_one_are_kept() -> None:
    assert EventSplitter().feed(b"data: a\n\ndata: " + b"x" * (MAX_EVENT_BYTES + 1)) == [b"a"]
