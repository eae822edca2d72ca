"""95 % confidence intervals for medians that are accurate for few values and for skewed distributions.

For independent values: interpolated order statistics. Hettmansperger and Sheather, "Confidence intervals based on
interpolated order statistics", Statistics & Probability Letters 4 (1986). They assume nothing about the distribution, whereas the
bootstrap's percentile method covers 87 % instead of 95 % for seven values.

For values in groups (the times between the chunks of one answer are correlated): Woodruff's interval, with the variance between
groups and Student's t. Woodruff, "Confidence Intervals for Medians and Other Position Measures", Journal of the American Statistical
Association 47 (1952).
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

from .stats import Distribution, together

CONFIDENCE_PERCENT = 95
FEWEST_VALUES = 6
"""With five independent values, the whole range only covers 93.75 %."""
_TAIL = (1 - CONFIDENCE_PERCENT / 100) / 2


class Interval(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


def median_interval(sample: Distribution, *, step: float = 0.0) -> Interval | None:
    """Return the interval for the median of `sample`, whose values are independent. `None` for fewer than six.

    `step` is the resolution of the clock: the interval is never narrower.
    """
    n = sample.count
    if n < FEWEST_VALUES:
        return None
    below, rank = 0.0, 0
    # `rank` becomes the highest rank, from 0, at which both tails together are at most 5 %.
    while (weight := _half_binomial(n, rank)) + below <= _TAIL:
        below += weight
        rank += 1
    rank -= 1
    wide, narrow = 1 - 2 * below, 1 - 2 * (below + weight)
    part = (wide - CONFIDENCE_PERCENT / 100) / (wide - narrow)
    inner, d = n - rank - 1, rank + 1
    share = inner * part / (d + (n - 2 * d) * part)
    low = _between(sample.at(rank), sample.at(rank + 1), share)
    high = _between(sample.at(n - 1 - rank), sample.at(n - 2 - rank), share)
    return _at_least(step, low, high)


def grouped_median_interval(groups: Sequence[Mapping[float, int]], *, step: float = 0.0) -> Interval | None:
    """Return the interval for the median of the values of all `groups`, each given as counts. `None` for fewer than six groups.

    Treating the values of one answer as independent would make the interval far too narrow.
    """
    filled = [group for group in groups if group]
    if len(filled) < FEWEST_VALUES:
        return None
    everything = Distribution(together(filled))
    median = everything.median
    spread = math.fsum(_excess(group, median) ** 2 for group in filled) * len(filled) / (len(filled) - 1)
    # If a few groups have most of the values, the effective number of groups is lower (Kish).
    effective = everything.count**2 / sum(sum(group.values()) ** 2 for group in filled)
    margin = _student(max(effective - 1, 1.0)) * math.sqrt(spread) / everything.count
    low = everything.percentile(100 * max(0.0, 0.5 - margin))
    high = everything.percentile(100 * min(1.0, 0.5 + margin))
    return _at_least(step, low, high)


def _half_binomial(n: int, k: int) -> float:
    """Return the probability of `k` heads in `n` tosses."""
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def _excess(group: Mapping[float, int], median: float) -> float:
    """Return how many more values of a group are below the median than expected. Values equal to it count half."""
    return math.fsum(count * (0.5 if value < median else -0.5 if value > median else 0.0) for value, count in group.items())


def _student(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t. From five degrees of freedom on, it is accurate to three decimals.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5.
    """
    z = NormalDist().inv_cdf(1 - _TAIL)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, 1))


def _between(outer: float, inner: float, share: float) -> float:
    return outer + (inner - outer) * share


def _at_least(step: float, low: float, high: float) -> Interval:
    missing = max(0.0, step - (high - low)) / 2
    return Interval(max(0.0, low - missing) if low >= 0 else low - missing, high + missing)
