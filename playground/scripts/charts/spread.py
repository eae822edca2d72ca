"""The spread of several models' values: for each, a row of dots with a box, the median and its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playground.scripts.intervals import Interval
from playground.scripts.page import colour_class, escape, model_name, plain_name
from playground.scripts.stats import Distribution

from .scale import Scale, fit

_MOST_DOTS = 300
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one model. `colour` counts from 0, and is the same in all charts of a page."""

    name: str
    simulated: bool
    colour: int
    numbers: Distribution
    interval: Interval | None

    @property
    def label(self) -> str:
        """Return the name in plain text."""
        return plain_name(self.name, simulated=self.simulated)


def spread(title: str, remark: str, series: Sequence[Series], show: Callable[[float], str]) -> str:
    """Return the chart as a `<figure>`."""
    scale = fit([value for one in series for value in (one.numbers.lowest, one.numbers.highest)])
    rows = "".join(_row(one, scale, show) for one in series)
    return (
        f'<figure class="spread">\n<figcaption>{escape(title)}<small>{escape(remark)}</small></figcaption>\n'
        f'{rows}<div class="row axis"><div class="track">{axis_labels(scale, show)}</div></div>\n</figure>\n'
    )


def axis_labels(scale: Scale, show: Callable[[float], str]) -> str:
    """Return the labels below a chart, each at its position."""
    return "".join(f'<span style="left:{scale.at(tick) * 100:.2f}%">{escape(_short(show(tick)))}</span>' for tick in scale.ticks)


def _short(text: str) -> str:
    """Shorten `2.00 s` to `2 s`, and zero to `0`."""
    number, space, unit = text.partition(" ")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return number + space + unit if number != "0" else number


def _row(one: Series, scale: Scale, show: Callable[[float], str]) -> str:
    interval = f"{show(one.interval.low)} – {show(one.interval.high)}" if one.interval else ""
    return (
        f'<div class="row {colour_class(one.colour)}">'
        f'<div class="name">{model_name(one.name, simulated=one.simulated)}</div>'
        f'<div class="track">{_drawing(one, scale, show)}</div>'
        f'<div class="value">{escape(show(one.numbers.median))}<small>{escape(interval)}</small>'
        f"<small>n = {one.numbers.count:,}</small></div></div>\n"
    )


def _drawing(one: Series, scale: Scale, show: Callable[[float], str]) -> str:
    """Draw an area of 1,000 by 100 that is stretched to the row. Strokes and dots keep their shape."""

    def x(value: float) -> str:
        return f"{scale.at(value) * 1000:.1f}"

    numbers = one.numbers
    quarter, median, three_quarters = numbers.percentile(25), numbers.median, numbers.percentile(75)
    ends = [(percent, value) for percent in (95, 99) if (value := numbers.tail(percent)) is not None]
    words = ", ".join(
        [f"{one.label}: median {show(median)}", *(f"p{percent} {show(value)}" for percent, value in ends), f"n = {numbers.count:,}"]
    )
    # A dot is a line of zero length with round ends: unlike a circle, it stays round in a stretched drawing. Multiples of the golden
    # ratio scatter the dots evenly without random numbers, so that the same values give the same page.
    dots = "".join(f"M{x(value)} {18 + 64 * (index * _GOLDEN % 1):.0f}h0" for index, value in enumerate(numbers.spread(_MOST_DOTS)))
    grid = "".join(f"M{x(tick)} 0V100" for tick in scale.ticks)
    tails = "".join(f"M{x(value)} 26V74" for _, value in ends)
    box_width = max(scale.at(three_quarters) - scale.at(quarter), 0.002) * 1000
    interval = "" if one.interval is None else f'<path class="interval" d="M{x(one.interval.low)} 95H{x(one.interval.high)}"/>'
    return (
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img"><title>{escape(words)}</title>'
        f'<path class="grid" d="{grid}"/><rect class="box" x="{x(quarter)}" y="14" width="{box_width:.1f}" height="72"/>'
        f'<path class="dots" d="{dots}"/><path class="tail" d="{tails}"/>{interval}'
        f'<path class="median" d="M{x(median)} 8V92"/></svg>'
    )
