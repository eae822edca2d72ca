"""Percentiles of what was measured."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate


class Distribution:
    """Numbers in order, kept as distinct values and how often each occurred: millions of times between tokens stay small."""

    __slots__ = ("_counts", "_ends", "_values", "count")

    def __init__(self, counts: Mapping[float, int]) -> None:
        self._values = sorted(counts)
        self._counts = [counts[value] for value in self._values]
        # _ends[i]: how many numbers are at most _values[i].
        self._ends = list(accumulate(self._counts))
        self.count = self._ends[-1] if self._ends else 0

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Distribution":
        """The distribution of `numbers`, in any order."""
        return cls(Counter(numbers))

    def at(self, rank: int) -> float:
        """The number at `rank` in ascending order, from 0. Raises `IndexError` beyond the last."""
        return self._values[bisect_right(self._ends, rank)]

    def percentile(self, percent: float) -> float:
        """The `percent`th percentile, interpolated linearly between neighbours.

        Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996): what
        NumPy, R and spreadsheets do unless told otherwise. Raises `IndexError` when there are no numbers.
        """
        place = (self.count - 1) * percent / 100
        below = math.floor(place)
        low = self.at(below)
        part = place - below
        return low if part == 0 else low + (self.at(below + 1) - low) * part

    def tail(self, percent: float) -> float | None:
        """The `percent`th percentile, from 50 on; `None` where there are too few numbers to have one of them beyond it.

        The 99th takes 100 numbers: of ten, it would be a point between the last two.
        """
        return self.percentile(percent) if self.count * (100 - percent) >= 100 or (percent == 50 and self.count) else None

    @property
    def median(self) -> float:
        """The 50th percentile."""
        return self.percentile(50)

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return math.fsum(value * count for value, count in self.items()) / self.count

    @property
    def lowest(self) -> float:
        """The least number."""
        return self._values[0]

    @property
    def highest(self) -> float:
        """The greatest number."""
        return self._values[-1]

    def items(self) -> Iterable[tuple[float, int]]:
        """The distinct numbers in ascending order, each with how often it occurred."""
        return zip(self._values, self._counts, strict=True)

    def spread(self, most: int) -> list[float]:
        """All numbers in ascending order, or `most` of them at even ranks when there are more: enough to draw."""
        if self.count <= most:
            return [self.at(rank) for rank in range(self.count)]
        return [self.at(round(step * (self.count - 1) / (most - 1))) for step in range(most)]


def together(groups: Iterable[Mapping[float, int]]) -> Counter[float]:
    """All numbers of all groups, counted."""
    total: Counter[float] = Counter()
    for group in groups:
        total.update(group)
    return total
