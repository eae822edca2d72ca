"""The report of a benchmark as an HTML page."""

from collections.abc import Callable, Sequence

from playground.scripts.charts.cdf import cdf
from playground.scripts.charts.spread import Series, spread
from playground.scripts.page import escape, model_name, page, plain_name, prose, section, table, tiles
from playground.scripts.units import count

from .metrics import METRICS, Metric
from .summary import ModelSummary, Report
from .table import cost_text, each_text, remarks, shown, tokens_text

_BY_KEY = {metric.key: metric for metric in METRICS}

_LEGEND = (
    "Each dot is an answer, the box is the middle half of the answers, and the thick line is the median. The bar below it is the "
    "95 % confidence interval of the median. The thin lines are p95 and p99, if there are enough answers. The second chart shows "
    "the share of answers up to each value."
)

_WORDS = (
    (
        "p50, p95, p99",
        (
            "50 %, 95 % and 99 % of the values are at most this (linear interpolation). p95 needs 20 values and p99 needs 100, so "
            "that at least one value lies beyond it. n is the number of values."
        ),
    ),
    (
        "95 % interval",
        (
            "The confidence interval of the median, from six values on, by interpolated order statistics (Hettmansperger and Sheather). "
            "For times between chunks it is computed from whole answers (Woodruff), because the times within an answer are correlated. "
            "It is never narrower than the resolution of the clock."
        ),
    ),
    (
        "What is counted",
        "Times are only those of completed answers. Costs are exact and include all answers, but no unknown or simulated costs.",
    ),
)


def as_html(report: Report) -> str:
    """Return the self-contained page."""
    plan = report.plan
    started = f"{report.started_at:%d %B %Y, %H:%M} UTC"
    amount = f"{count(len(plan.prompts), 'prompt')}, {count(plan.repeat, 'time')} each"
    together = "all models in one session" if plan.one_session else "one model per request"
    subtitle = f"{started} · {report.place} · {amount} · {together} · {count(plan.concurrency, 'request')} at a time"
    of_this_machine = [metric for metric in report.metrics if metric.key.startswith("client")]
    of_the_service = [metric for metric in report.metrics if metric not in of_this_machine]
    soon = [_pair(report, metric.key) for metric in of_the_service if metric.key.startswith("timeToFirst")]
    return page(
        "Model benchmark",
        subtitle,
        [
            tiles(_highlights(report)),
            section("Side by side", _comparison(report, of_the_service), note=" ".join(remarks(report))),
            section("Latency and speed", *soon, _pair(report, "tokensPerSecond"), note=_LEGEND),
            section("Smoothness and duration", _pair(report, "timeBetweenChunks"), _pair(report, "responseTime")),
            section("Client side", _comparison(report, of_this_machine), note="Including the network and the service."),
            section("Outcome and cost", _outcomes(report)),
            *_failures(report),
            section("How this was measured", _method(report)),
        ],
    )


def _highlights(report: Report) -> list[tuple[str, str, str]]:
    entries = []
    if len(report.models) > 1:
        entries += [
            _best(report, _BY_KEY["timeToFirstToken"], "Fastest first token"),
            _best(report, _BY_KEY["tokensPerSecond"], "Most tokens per second"),
        ]
    failed = f"{count(report.failed, 'failure')}, " if report.failed else ""
    entries.append(("Answers", f"{report.completed:,}", f"{failed}in {report.seconds:,.1f} s"))
    simulated = f"simulated (not real money): {cost_text(report.made_up)}" if report.made_up.answers else "of all counted answers"
    entries.append(("Real cost", cost_text(report.real), simulated))
    return entries


def _best(report: Report, metric: Metric, title: str) -> tuple[str, str, str]:
    """Return the best model by the median (a real one if possible), and whether the intervals confirm that."""
    measured = [model for model in report.models if metric.key in model.measures]
    known = [model for model in measured if not model.simulated] or measured
    if not known:
        return title, "–", "no measurements"
    sign = 1 if metric.lower_is_better else -1
    first, *others = sorted(known, key=lambda model: sign * model.measures[metric.key].numbers.median)
    fact = metric.show(first.measures[metric.key].numbers.median)
    if metric.unit != "ms":
        fact += f" {metric.unit}"
    near = [model for model in others if _overlap(first, model, metric)]
    doubt = f", not clearly better than {_label(near[0])}" + (f" and {len(near) - 1} more" if len(near) > 1 else "") if near else ""
    return title, _label(first), f"median {fact}{doubt}"


def _label(model: ModelSummary) -> str:
    return plain_name(model.model, simulated=model.simulated)


def _overlap(one: ModelSummary, other: ModelSummary, metric: Metric) -> bool:
    first, second = one.measures[metric.key].interval, other.measures[metric.key].interval
    return first is None or second is None or (first.low <= second.high and second.low <= first.high)


def _comparison(report: Report, metrics: Sequence[Metric]) -> str:
    columns = ["Model", *("p50", "p95", "p99") * len(metrics)]
    rows = []
    for place, model in enumerate(report.models):
        cells = [model_name(model.model, simulated=model.simulated, colour=place)]
        for metric in metrics:
            cells += _percentiles(model, metric)
        rows.append(cells)
    return table(columns, rows, groups=[(metric.title.removesuffix(", client side"), 3) for metric in metrics])


def _percentiles(model: ModelSummary, metric: Metric) -> list[str]:
    measure = model.measures.get(metric.key)
    if measure is None:
        return ["–", "–", "–"]
    interval = f"<small>{escape(_between(measure.interval, metric.show))}</small>" if measure.interval else ""
    first, *rest = (escape(shown(metric, measure.numbers.tail(percent))) for percent in (50, 95, 99))
    return [f"<strong>{first}</strong>{interval}<small>n = {measure.numbers.count:,}</small>", *rest]


def _between(ends: tuple[float, float], show: Callable[[float], str]) -> str:
    return f"{show(ends[0])} – {show(ends[1])}"


def _pair(report: Report, key: str) -> str:
    metric = _BY_KEY[key]
    series = [
        Series(model.model, model.simulated, place, model.measures[key].numbers, model.measures[key].interval)
        for place, model in enumerate(report.models)
        if key in model.measures
    ]
    if not series:
        return f'<p class="note">{escape(metric.title)}: no measurements.</p>\n'
    better = "lower is better" if metric.lower_is_better else "higher is better"
    return (
        f'<div class="pair">{spread(metric.title, better, series, metric.show)}'
        f"{cdf('Share of answers', metric.title.lower(), series, metric.show)}</div>\n"
    )


def _outcomes(report: Report) -> str:
    rows = []
    for place, model in enumerate(report.models):
        rows.append(
            [
                model_name(model.model, simulated=model.simulated, colour=place),
                f"{model.completed:,} of {model.answers:,}",
                f"{model.failures.total():,}",
                f"{model.stopped:,}",
                f"{model.retried:,}",
                escape(tokens_text(model)),
                escape(cost_text(model.tally)) + ("<small>simulated</small>" if model.simulated else ""),
                escape(each_text(model)),
            ]
        )
    foot = [["Real money", "", "", "", "", "", escape(cost_text(report.real)), ""]]
    return table(["Model", "Completed", "Failed", "Stopped", "Retried", "Tokens in / out", "Cost", "Per answer"], rows, foot=foot)


def _failures(report: Report) -> list[str]:
    rows = [
        [model_name(one.model, simulated=one.simulated), f"<code>{escape(one.code)}</code>", prose(one.message), f"{one.times:,}"]
        for one in report.failures
    ]
    return [section("Failures", table(["Model", "Code", "First message", "Count"], rows, text_columns=3))] if rows else []


def _method(report: Report) -> str:
    entries = [*((metric.title, metric.meaning) for metric in report.metrics), *_WORDS]
    return '<dl class="words">\n' + "".join(f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>\n" for word, meaning in entries) + "</dl>\n"
