"""Confidence intervals for medians, by the bootstrap.

The percentile method: draw the sample again with replacement, take the median, do this many times, and cut off 2.5 % of those
medians at each end. Efron and Tibshirani, "An Introduction to the Bootstrap" (Chapman & Hall, 1993), section 13.3. The
bias-corrected method (BCa) is not used: its acceleration comes from the jackknife, which fails for medians (section 11.6 there).
Seeded, so the same measurements always give the same interval.
"""

import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .stats import Distribution, together

CONFIDENCE_PERCENT = 95


class Interval(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


def median_interval(sample: Distribution, *, resamples: int, seed: int) -> Interval | None:
    """The interval for the median of `sample`, whose numbers are independent. `None` for fewer than two."""
    if sample.count < 2:
        return None
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    return _between([_redrawn_median(sample, rng) for _ in range(resamples)])


def grouped_median_interval(groups: Sequence[Mapping[float, int]], *, resamples: int, seed: int) -> Interval | None:
    """The interval for the median of the numbers of all `groups` together, each group given as counts. `None` for fewer than two groups.

    The times between tokens of one answer hang together (one slow machine makes all of them slow), so whole answers are drawn, not
    single times: drawing times would make the interval far too narrow. Field and Welsh, "Bootstrapping clustered data", Journal of
    the Royal Statistical Society B 69 (2007), the "cluster bootstrap".
    """
    filled = [group for group in groups if group]
    if len(filled) < 2:
        return None
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    medians = _GroupedMedian(filled)
    everyone = range(len(filled))
    return _between([medians.of(rng.choices(everyone, k=len(filled))) for _ in range(resamples)])


def _between(medians: list[float]) -> Interval:
    cut = (100 - CONFIDENCE_PERCENT) / 2
    drawn = Distribution.of(medians)
    return Interval(drawn.percentile(cut), drawn.percentile(100 - cut))


def _redrawn_median(sample: Distribution, rng: random.Random) -> float:
    """The median of one redrawn sample, without drawing all of it.

    Drawing n numbers is drawing n uniform places in the sorted sample, and the median needs only the middle ones. The m-th
    smallest of n uniforms is Beta(m, n + 1 - m) (David and Nagaraja, "Order Statistics", Wiley 2003, section 2.1), so one draw
    does for any n.
    """
    n = sample.count
    middle = (n + 1) // 2
    place = rng.betavariate(middle, n + 1 - middle)
    low = sample.at(min(int(place * n), n - 1))
    if n % 2:
        return low
    # The next place up is the least of the n - middle uniforms above this one.
    next_place = place + (1 - place) * (1 - rng.random() ** (1 / (n - middle)))
    return (low + sample.at(min(int(next_place * n), n - 1))) / 2


class _GroupedMedian:
    """The median of the numbers of any chosen groups, found without merging them.

    The lower median is the least value v for which the numbers up to v weigh as much as those above v, the upper one the least for which
    they outweigh them; of an odd number both are the same. What each group adds to that balance is worked out once for each v, and v is
    found by halving.
    """

    def __init__(self, groups: Sequence[Mapping[float, int]]) -> None:
        self._groups = groups
        self._values = sorted(together(groups))
        self._balances: dict[int, list[int]] = {}

    def of(self, chosen: Sequence[int]) -> float:
        """The median of the chosen groups' numbers; a group counts as often as it is chosen."""

        def weight(index: int) -> int:
            return sum(map(self._balance(index).__getitem__, chosen))

        places = range(len(self._values))
        lower = bisect_left(places, 0, key=weight)
        upper = lower if weight(lower) else bisect_left(places, 1, lo=lower + 1, key=weight)
        low, high = self._values[lower], self._values[upper]
        return low + (high - low) / 2

    def _balance(self, index: int) -> list[int]:
        balance = self._balances.get(index)
        if balance is None:
            limit = self._values[index]
            balance = [sum(count if value <= limit else -count for value, count in group.items()) for group in self._groups]
            self._balances[index] = balance
        return balance
