"""The axis of a chart: the positions of values, and the labels."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_WIDE = 40.0
"""From this ratio of highest to lowest on, a linear axis would squeeze most values into its first pixels."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return the position of `value`: 0 is the low end, 1 the high end."""
        if self.logarithmic:
            return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def fit(values: Iterable[float], *, ticks: int = 5) -> Scale:
    """Return a scale for `values` (at least 0): linear from 0, or logarithmic if they differ widely and none is 0.

    Two ticks are at least a `ticks`th of the axis apart, which must be enough for a label.
    """
    known = list(values)
    highest = max(known, default=0.0)
    if highest <= 0:
        return Scale(0.0, 1.0, (0.0, 1.0))
    lowest = min(known)
    if lowest > 0 and highest / lowest >= _WIDE:
        return _logarithmic(lowest, highest, ticks)
    step = _round_step(highest / ticks)
    count = math.ceil(highest / step - 1e-9)
    return Scale(0.0, count * step, tuple(round(index * step, 12) for index in range(count + 1)))


def _round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _logarithmic(lowest: float, highest: float, ticks: int) -> Scale:
    decades = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    steps = [factor * 10.0**power for power in decades for factor in (1, 2, 5)]
    low = max(step for step in steps if step <= lowest)
    high = min(step for step in steps if step >= highest)
    nearest = math.log10(high / low) / ticks
    if nearest <= math.log10(3):
        written = [factor * 10.0**power for power in decades for factor in (1, 3)]
    else:
        written = [10.0**power for power in decades[:: math.ceil(nearest)]]
    return Scale(low, high, tuple(step for step in written if low <= step <= high), logarithmic=True)
