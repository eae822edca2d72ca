"""Readers are written to in rounds; who is alone is written to at once."""

import anyio
import pytest

from playground.comparison.stream import write_rounds as module
from playground.comparison.stream.write_rounds import WriteRounds


class Reader:
    """Counts how often it was written to, and in which order with others."""

    def __init__(self, order: list["Reader"]) -> None:
        self._order = order
        self.written = anyio.Event()

    def write(self) -> None:
        self._order.append(self)
        self.written.set()


@pytest.fixture(autouse=True)
def long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a busy machine may take for a step of these tests."""
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.5)


@pytest.fixture
def order() -> list[Reader]:
    return []


async def test_without_recent_writes_a_reader_does_not_wait(order: list[Reader]) -> None:
    reader = Reader(order)
    WriteRounds().add(reader)
    assert order == [reader]


async def test_later_readers_are_written_to_together_in_order(order: list[Reader]) -> None:
    rounds, readers = WriteRounds(), [Reader(order) for _ in range(4)]
    for reader in readers:
        rounds.add(reader)
    assert order == readers[:1]
    await readers[1].written.wait()
    assert order == readers


async def test_a_reader_added_during_a_round_is_in_a_later_one(order: list[Reader]) -> None:
    rounds, late = WriteRounds(), Reader(order)

    class Telling(Reader):
        def write(self) -> None:
            super().write()
            rounds.add(late)

    first, telling = Reader(order), Telling(order)
    rounds.add(first)
    rounds.add(telling)
    await late.written.wait()
    assert order == [first, telling, late]
