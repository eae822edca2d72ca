"""Stacked bars, one per day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from playground.scripts.page import colour_class, escape

from .scale import Scale, fit

_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One colour of the bars: the amount per day."""

    name: str
    amounts: Mapping[date, Decimal]


def bars(title: str, remark: str, layers: Sequence[Layer], show: Callable[[Decimal], str]) -> str:
    """Return the chart with its legend as a `<figure>`. Days without amounts are shown empty."""
    days = _all_days(layers)
    totals = [sum((layer.amounts.get(day, Decimal(0)) for layer in layers), Decimal(0)) for day in days]
    # Floats are precise enough for positions; labels show the exact amounts.
    scale = fit([0.0, *map(float, totals)], ticks=4)
    drawn = "".join(_bar(index, day, layers, scale, show) for index, day in enumerate(days))
    grid = "".join(f"M0 {1000 - scale.at(tick) * 1000:.1f}H{len(days)}" for tick in scale.ticks)
    upright = "".join(f'<span style="bottom:{scale.at(tick) * 100:.2f}%">{escape(show(_tick(tick)))}</span>' for tick in scale.ticks)
    legend = "".join(f'<li><i class="swatch {colour_class(place)}"></i>{escape(layer.name)}</li>' for place, layer in enumerate(layers))
    return (
        f'<figure class="plot wide">\n<figcaption>{escape(title)}<small>{escape(remark)}</small></figcaption>\n'
        f'<ul class="legend">{legend}</ul>\n<div class="area"><div class="upright">{upright}</div>'
        f'<svg viewBox="0 0 {len(days)} 1000" preserveAspectRatio="none" role="img"><title>{escape(title)}</title>'
        f'<path class="grid" d="{grid}"/>{drawn}</svg><div class="along">{_day_labels(days)}</div></div>\n</figure>\n'
    )


def _all_days(layers: Sequence[Layer]) -> list[date]:
    known = [day for layer in layers for day in layer.amounts]
    first, last = min(known), max(known)
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _bar(index: int, day: date, layers: Sequence[Layer], scale: Scale, show: Callable[[Decimal], str]) -> str:
    drawn = ""
    below = 0.0
    for place, layer in enumerate(layers):
        amount = layer.amounts.get(day)
        if not amount:
            continue
        height = scale.at(float(amount)) * 1000
        corner = f'x="{index + 0.14:.2f}" y="{1000 - below - height:.2f}"'
        words = escape(f"{day} · {layer.name}: {show(amount)}")
        drawn += f'<rect class="{colour_class(place)}" {corner} width="0.72" height="{height:.2f}"><title>{words}</title></rect>'
        below += height
    return drawn


def _day_labels(days: Sequence[date]) -> str:
    """Label days at regular intervals. Every other label (`minor`) is hidden if there is little room."""
    step = -(-len(days) // _MOST_LABELS)
    with_year = days[0].year != days[-1].year
    return "".join(
        f'<span class="{"minor" if place % 2 else "major"}" style="left:{(index + 0.5) / len(days) * 100:.2f}%">'
        f"{days[index]:{'%d %b %Y' if with_year else '%d %b'}}</span>"
        for place, index in enumerate(range(0, len(days), step))
    )


def _tick(value: float) -> Decimal:
    return Decimal(str(value))
