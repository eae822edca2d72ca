"""The intervals and percentiles of the scripts hold what they say: tried on drawn values whose true median is known."""

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest

from playground.scripts.intervals import Interval, grouped_median_interval, median_interval
from playground.scripts.stats import Distribution

ROUNDS = 1_500
SIZES = (6, 7, 8, 10, 15, 30, 50)
SHAPES: dict[str, tuple[Callable[[random.Random], float], float]] = {
    "normal": (lambda draw: draw.gauss(100, 10), 100),
    "exponential": (lambda draw: draw.expovariate(1), math.log(2)),
    "steep lognormal": (lambda draw: draw.lognormvariate(0, 2), 1),
    "Pareto without a mean": (lambda draw: draw.paretovariate(1), 2),
    "skewed to the left": (lambda draw: 100 - draw.expovariate(1), 100 - math.log(2)),
    "whole numbers": (lambda draw: round(draw.gauss(100, 10)), 100),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_the_interval_covers_the_true_median_about_as_often_as_it_says(shape: str, size: int) -> None:
    value, median = SHAPES[shape]
    draw = random.Random(f"{shape} {size}")
    covered = 0
    for _ in range(ROUNDS):
        interval = median_interval(Distribution.of(value(draw) for _ in range(size)))
        assert interval is not None
        covered += interval.low <= median <= interval.high
    assert 0.90 <= covered / ROUNDS <= 0.99


@pytest.mark.parametrize(
    ("between", "within", "values"),
    [(0.5, 0.5, (30,)), (0.05, 1.0, (30,)), (1.0, 0.5, (20,)), (1.0, 1.0, (5, 20, 40))],
    ids=["alike", "all differences within", "mostly between", "of different lengths"],
)
@pytest.mark.parametrize("size", [6, 8, 12, 50])
def test_the_interval_of_correlated_values_covers_as_often(between: float, within: float, values: tuple[int, ...], size: int) -> None:
    draw = random.Random(f"{between} {within} {size}")
    rounds, covered = 500, 0
    for _ in range(rounds):
        groups = []
        for _ in range(size):
            level = draw.lognormvariate(0, between)
            groups.append(Counter(round(level * draw.lognormvariate(0, within), 3) for _ in range(draw.choice(values))))
        interval = grouped_median_interval(groups)
        assert interval is not None
        covered += interval.low <= 1 <= interval.high
    assert 0.90 <= covered / rounds <= 0.99


def test_there_is_no_interval_of_fewer_than_six_values_or_groups() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    groups = [Counter([value, value + 1]) for value in values]
    assert median_interval(Distribution.of(values)) is None
    assert median_interval(Distribution.of([])) is None
    assert grouped_median_interval([*groups, Counter()]) is None
    assert median_interval(Distribution.of([*values, 6.0])) is not None
    assert grouped_median_interval([*groups, Counter([9.0])]) is not None


def test_an_interval_is_never_narrower_than_the_step_of_the_clock() -> None:
    same = Distribution.of([5.0] * 20)
    assert median_interval(same, step=0.5) == Interval(4.75, 5.25)
    assert grouped_median_interval([Counter({5.0: 10})] * 8, step=0.5) == Interval(4.75, 5.25)
    at_zero = median_interval(Distribution.of([0.0] * 9), step=0.5)
    assert at_zero is not None
    assert at_zero.low == 0


@pytest.mark.parametrize("size", [6, 1_000, 100_000])
def test_an_interval_lies_around_the_median_and_within_the_values(size: int) -> None:
    sample = Distribution.of(float(number) for number in range(size))
    interval = median_interval(sample)
    assert interval is not None
    assert sample.lowest <= interval.low <= sample.median <= interval.high <= sample.highest
    assert interval.high - interval.low == pytest.approx(1.96 * math.sqrt(size), rel=0.15)


def test_percentiles_are_those_of_definition_seven() -> None:
    sample = Distribution.of([15.0, 20.0, 35.0, 40.0, 50.0])
    assert sample.median == 35
    assert sample.percentile(95) == pytest.approx(48)
    assert sample.percentile(40) == pytest.approx(29)


@pytest.mark.parametrize(("percent", "fewest"), [(50, 1), (95, 20), (99, 100)])
def test_a_percentile_needs_a_value_above_it(percent: float, fewest: int) -> None:
    assert Distribution.of(float(number) for number in range(fewest - 1)).tail(percent) is None
    sample = Distribution.of(float(number) for number in range(fewest))
    assert sample.tail(percent) == sample.percentile(percent)
