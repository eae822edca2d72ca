"""The event log: what is written comes out once, in order, whatever the reader's pace."""

import json

from hypothesis import given
from hypothesis import strategies as st

from playground.comparison.stream.event_log import EventLog
from playground.comparison.stream.events import StatusEvent, encode

from ..support.client import parse_events

TEXTS = st.lists(st.text(min_size=1), max_size=30)


def filled(texts: list[str]) -> EventLog:
    log = EventLog("run")
    log.append(encode(StatusEvent(0, "sim/quick", "connecting")))
    heads = [log.add_head(b'"type":"chunk","lane":%d,"model":"m"' % lane) for lane in range(2)]
    for number, text in enumerate(texts):
        log.append_chunk(heads[number % 2], text, 1_000 + number)
    return log


@given(TEXTS, st.integers(0, 31), st.integers(1, 50))
def test_a_reader_gets_every_event_after_its_last_one_once_and_in_order(texts: list[str], after: int, limit: int):
    log = filled(texts)
    after = min(after, len(log))
    messages, number = b"", after
    while number < len(log):
        piece, number, newest = log.read(number, limit)
        assert newest == (number == len(log))
        messages += piece
    events = parse_events(messages.decode())
    assert [event.number for event in events] == list(range(after + 1, len(texts) + 2))
    assert [event.data["content"] for event in events if event.data["type"] == "chunk"] == texts[max(0, after - 1) :]


@given(TEXTS)
def test_no_message_contains_a_character_at_which_some_clients_split_lines(texts: list[str]):
    messages, _, _ = filled(texts).read(0, 1_000_000)
    assert messages.decode().splitlines() == messages.decode().split("\n")[:-1]


@given(TEXTS)
def test_a_head_returns_all_text_written_under_it(texts: list[str]):
    log = filled(texts)
    assert log.text(1) == "".join(texts[::2])
    assert log.text(2) == "".join(texts[1::2])
    assert json.loads(b'"' + log.raw_text(1, since=0) + b'"') == "".join(texts[::2])


def test_a_read_ends_with_the_event_that_reaches_the_limit():
    log = filled(["x" * 10] * 5)
    first_length = len(log.read(0, 1)[0])
    assert first_length > 0
    assert log.read(1, 25)[1:] == (4, False)


def test_a_slow_reader_gets_thousands_of_events_in_pieces():
    log = filled(["x"] * 10_000)
    number, pieces = 0, 0
    while number < len(log):
        _, number, _ = log.read(number, 1_000_000)
        pieces += 1
    assert pieces == 3
    assert log.read(number, 1_000_000) == (b"", number, True)
