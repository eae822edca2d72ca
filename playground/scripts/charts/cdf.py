"""The share of answers up to each value: one rising line per model."""

from collections.abc import Callable, Sequence

from playground.scripts.page import colour_class, escape, model_name
from playground.scripts.stats import Distribution

from .scale import Scale, fit
from .spread import Series, axis_labels

_MOST_STEPS = 250
_SHARES = (0, 25, 50, 75, 100)


def cdf(title: str, remark: str, series: Sequence[Series], show: Callable[[float], str]) -> str:
    """Return the empirical distribution functions of `series` as a `<figure>`."""
    scale = fit([value for one in series for value in (one.numbers.lowest, one.numbers.highest)])
    lines = "".join(
        f'<path class="line {colour_class(one.colour)}{" dashed" if one.colour >= 8 else ""}" d="{_steps(one.numbers, scale)}">'
        f"<title>{escape(one.label)}</title></path>"
        for one in series
    )
    grid = "".join(f"M{scale.at(tick) * 1000:.1f} 0V1000" for tick in scale.ticks) + "".join(f"M0 {share * 10}H1000" for share in _SHARES)
    legend = "".join(f"<li>{model_name(one.name, simulated=one.simulated, colour=one.colour)}</li>" for one in series)
    shares = "".join(f'<span style="bottom:{share}%">{share} %</span>' for share in _SHARES)
    return (
        f'<figure class="plot">\n<figcaption>{escape(title)}<small>{escape(remark)}</small></figcaption>\n'
        f'<ul class="legend">{legend}</ul>\n<div class="area"><div class="upright">{shares}</div>'
        f'<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img"><title>{escape(title)}</title>'
        f'<path class="grid" d="{grid}"/>{lines}</svg>'
        f'<div class="along">{axis_labels(scale, show)}</div></div>\n</figure>\n'
    )


def _steps(numbers: Distribution, scale: Scale) -> str:
    drawn = numbers.spread(_MOST_STEPS)
    path = f"M{scale.at(drawn[0]) * 1000:.1f} 1000"
    for index, value in enumerate(drawn, 1):
        path += f"H{scale.at(value) * 1000:.1f}V{1000 - 1000 * index / len(drawn):.1f}"
    return path + "H1000"
