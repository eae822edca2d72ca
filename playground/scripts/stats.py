"""Distributions and percentiles."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate


class Distribution:
    """Sorted numbers, stored as distinct values with their counts: millions of times between tokens stay small."""

    __slots__ = ("_counts", "_ends", "_values", "count")

    def __init__(self, counts: Mapping[float, int]) -> None:
        self._values = sorted(counts)
        self._counts = [counts[value] for value in self._values]
        # _ends[i]: how many numbers are at most _values[i].
        self._ends = list(accumulate(self._counts))
        self.count = self._ends[-1] if self._ends else 0

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Distribution":
        """Return the distribution of `numbers`, in any order."""
        return cls(Counter(numbers))

    def at(self, rank: int) -> float:
        """Return the number at `rank` in ascending order, from 0. Raises `IndexError` beyond the last."""
        return self._values[bisect_right(self._ends, rank)]

    def percentile(self, percent: float) -> float:
        """Return the `percent`th percentile, interpolated linearly between neighbours.

        Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996): the default
        of NumPy, R and spreadsheets. Raises `IndexError` if there are no numbers.
        """
        place = (self.count - 1) * percent / 100
        below = math.floor(place)
        low = self.at(below)
        part = place - below
        return low if part == 0 else low + (self.at(below + 1) - low) * part

    def tail(self, percent: float) -> float | None:
        """Return the `percent`th percentile, from 50 on; `None` if there are too few numbers for one to lie beyond it.

        The 99th needs 100 numbers: with ten, it would be a point between the last two.
        """
        return self.percentile(percent) if self.count * (100 - percent) >= 100 or (percent == 50 and self.count) else None

    @property
    def median(self) -> float:
        """Return the 50th percentile."""
        return self.percentile(50)

    @property
    def mean(self) -> float:
        """Return the arithmetic mean."""
        return math.fsum(value * count for value, count in self.items()) / self.count

    @property
    def lowest(self) -> float:
        """Return the lowest number."""
        return self._values[0]

    @property
    def highest(self) -> float:
        """Return the highest number."""
        return self._values[-1]

    def items(self) -> Iterable[tuple[float, int]]:
        """Return the distinct numbers in ascending order, with their counts."""
        return zip(self._values, self._counts, strict=True)

    def spread(self, most: int) -> list[float]:
        """Return all numbers in ascending order, or `most` of them at regular ranks if there are more, for drawing."""
        if self.count <= most:
            return [self.at(rank) for rank in range(self.count)]
        return [self.at(round(step * (self.count - 1) / (most - 1))) for step in range(most)]


def together(groups: Iterable[Mapping[float, int]]) -> Counter[float]:
    """Return the counts of all numbers in all groups."""
    total: Counter[float] = Counter()
    for group in groups:
        total.update(group)
    return total
