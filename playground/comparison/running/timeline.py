"""How an answer grew: at a few moments, how many characters of it there were. Bounded, however long the answer is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

MOST_POINTS = 128
_FIRST_STEP_SECONDS = 0.1

Point = tuple[int, int]
"""Milliseconds since the request was sent, and the characters that had come by then: of the answer and of its thinking together."""
Timeline = tuple[Point, ...]


class Progress(NamedTuple):
    """How far an answer has come that is not over, in ms since its request was sent."""

    last: float
    """The last delta so far."""
    first_token: float
    first_answer: float | None
    """The first delta that was not thinking."""


class Marks:
    """The moments of one answer while it is written, and how many bytes its texts had at each.

    Whoever takes the text calls `mark` at the first read that comes at `due` or later, before its text is added: so the hot path pays for
    one comparison a read. When there are too many marks, every other one goes and the step doubles. A pause has a mark at both ends.
    """

    __slots__ = ("_sizes", "_step", "due")

    def __init__(self) -> None:
        self.due = 0.0
        """Monotonic seconds."""
        self._step = _FIRST_STEP_SECONDS
        self._sizes: list[tuple[float, tuple[int, ...]]] = []

    def mark(self, now: float, last: float, sizes: tuple[int, ...]) -> None:
        """A read came at `now`; since the one before, at `last`, the texts have had these `sizes`."""
        self._sizes.append((last, sizes))
        # The end of a pause is marked by the read that follows it.
        self.due = now if now - last >= self._step else now + self._step
        if len(self._sizes) >= MOST_POINTS - 1:
            del self._sizes[1::2]
            self._step *= 2

    def points(self, sent: float, last: float, texts: Sequence[bytes]) -> Timeline:
        """The timeline of an answer that was asked for at `sent`, and whose last read came at `last`.

        `texts` are insides of JSON strings, as the sizes count them.
        """
        marks = [*self._sizes, (last, tuple(map(len, texts)))]
        characters = [list(_characters(text, [_size(sizes, kind) for _, sizes in marks])) for kind, text in enumerate(texts)]
        # To microseconds first, as all times are: so the first point is the time to the first token to the millisecond.
        moments = (max(0, round(round((at - sent) * 1000, 3))) for at, _ in marks)
        return _one_a_moment(zip(moments, map(sum, zip(*characters, strict=True)), strict=True))


def bounded(points: Sequence[Point]) -> Timeline:
    """`points` in their order, without some of them where there are too many; the first and the last stay."""
    kept = list(_one_a_moment(points))
    while len(kept) > MOST_POINTS:
        last = kept.pop()
        kept = [*kept[::2], last]
    return tuple(kept)


def packed(timeline: Timeline) -> str:
    """As it is stored: one JSON array, in which every number is the difference from the one of the point before."""
    steps = ((after[0] - before[0], after[1] - before[1]) for before, after in pairwise(((0, 0), *timeline)))
    return msgspec.json.encode([number for step in steps for number in step]).decode()


def unpacked(stored: str) -> Timeline:
    """The timeline that `packed` made a text of."""
    steps = msgspec.json.decode(stored, type=list[int])
    return tuple(zip(accumulate(steps[::2]), accumulate(steps[1::2]), strict=True))


def _size(sizes: tuple[int, ...], kind: int) -> int:
    return sizes[kind] if kind < len(sizes) else 0


def _characters(text: bytes, sizes: Iterable[int]) -> Iterator[int]:
    """How many characters there are in the first so many bytes of `text`, for sizes in ascending order."""
    start = characters = 0
    for end in sizes:
        if end > start:
            characters += len(msgspec.json.decode(b'"%b"' % text[start:end], type=str))
            start = end
        yield characters


def _one_a_moment(points: Iterable[Point]) -> Timeline:
    """Of several points in one millisecond the last. Neither number ever falls."""
    kept: dict[int, int] = {}
    latest = 0
    for moment, characters in points:
        latest = max(latest, moment)
        kept[latest] = characters
    return tuple(kept.items())
