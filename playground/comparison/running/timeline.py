"""How an answer grew: the number of characters at a limited number of moments, however long the answer is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

MOST_POINTS = 128
_FIRST_STEP_SECONDS = 0.1

Point = tuple[int, int]
"""Milliseconds since the request was sent, and the characters received by then, of the answer and its reasoning together."""
Timeline = tuple[Point, ...]


class Progress(NamedTuple):
    """The progress of a running answer, in ms since its request was sent."""

    last: float
    """The newest delta."""
    first_token: float
    first_answer: float | None
    """The first delta that is not reasoning."""


class Marks:
    """Moments of a running answer, with the bytes that its texts had at each.

    The lane calls `mark` at the first read at or after `due`, before adding its text, so the hot path pays for one comparison per read.
    When there are too many marks, every other one is deleted and the step doubles. A pause has a mark at both ends.
    """

    __slots__ = ("_sizes", "_step", "due")

    def __init__(self) -> None:
        self.due = 0.0
        """Monotonic seconds."""
        self._step = _FIRST_STEP_SECONDS
        self._sizes: list[tuple[float, tuple[int, ...]]] = []

    def mark(self, now: float, last: float, sizes: tuple[int, ...]) -> None:
        """Mark a read at `now`; since the previous read, at `last`, the texts have had these `sizes`."""
        self._sizes.append((last, sizes))
        # The end of a pause is marked by the read that follows it.
        self.due = now if now - last >= self._step else now + self._step
        if len(self._sizes) >= MOST_POINTS - 1:
            del self._sizes[1::2]
            self._step *= 2

    def points(self, sent: float, last: float, texts: Sequence[bytes]) -> Timeline:
        """Return the timeline of an answer whose request was sent at `sent` and whose last read was at `last`.

        `texts` are the contents of JSON strings, as the sizes count them.
        """
        marks = [*self._sizes, (last, tuple(map(len, texts)))]
        characters = [list(_characters(text, [_size(sizes, kind) for _, sizes in marks])) for kind, text in enumerate(texts)]
        # Round to microseconds first, like all times, so that the first point equals the time to the first token, in whole ms.
        moments = (max(0, round(round((at - sent) * 1000, 3))) for at, _ in marks)
        return _one_a_moment(zip(moments, map(sum, zip(*characters, strict=True)), strict=True))


def bounded(points: Sequence[Point]) -> Timeline:
    """Return `points` in order, without some of them if there are too many; the first and the last stay."""
    kept = list(_one_a_moment(points))
    while len(kept) > MOST_POINTS:
        last = kept.pop()
        kept = [*kept[::2], last]
    return tuple(kept)


def packed(timeline: Timeline) -> str:
    """Return the stored form: one JSON array in which every number is the difference from the previous point."""
    steps = ((after[0] - before[0], after[1] - before[1]) for before, after in pairwise(((0, 0), *timeline)))
    return msgspec.json.encode([number for step in steps for number in step]).decode()


def unpacked(stored: str) -> Timeline:
    """Return the timeline from the text that `packed` created."""
    steps = msgspec.json.decode(stored, type=list[int])
    return tuple(zip(accumulate(steps[::2]), accumulate(steps[1::2]), strict=True))


def _size(sizes: tuple[int, ...], kind: int) -> int:
    return sizes[kind] if kind < len(sizes) else 0


def _characters(text: bytes, sizes: Iterable[int]) -> Iterator[int]:
    """Yield, for each size in ascending order, the number of characters in that many first bytes of `text`."""
    start = characters = 0
    for end in sizes:
        if end > start:
            characters += len(msgspec.json.decode(b'"%b"' % text[start:end], type=str))
            start = end
        yield characters


def _one_a_moment(points: Iterable[Point]) -> Timeline:
    """Keep the last of several points in one millisecond, and never let a number fall."""
    kept: dict[int, int] = {}
    latest = 0
    for moment, characters in points:
        latest = max(latest, moment)
        kept[latest] = characters
    return tuple(kept.items())
