"""The report of a benchmark as files: JSON with everything, and CSV with one row per model."""

import csv
import io
import json
from typing import Any

from playground.scripts.intervals import CONFIDENCE_PERCENT, FEWEST_VALUES
from playground.scripts.tally import Tally
from playground.scripts.units import exact

from .answer import Answer
from .metrics import METRICS
from .summary import Measure, ModelSummary, Report

PERCENTILES = (50, 95, 99)


def as_json(report: Report) -> str:
    """Return everything as JSON, including each answer. Names and units are those of the API: camelCase, ms, decimal strings."""
    plan = report.plan
    document = {
        "version": 2,
        "service": report.place,
        "startedAt": report.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "plan": {
            "models": list(plan.models),
            "prompts": len(plan.prompts),
            "repeat": plan.repeat,
            "concurrency": plan.concurrency,
            "warmUp": plan.warm_up,
            "oneSession": plan.one_session,
            "parameters": dict(plan.parameters),
        },
        "interval": {"confidencePercent": CONFIDENCE_PERCENT, "fewestValues": FEWEST_VALUES},
        "meanings": {metric.key: metric.meaning for metric in METRICS},
        "cost": _cost(report.real),
        "simulatedCost": _cost(report.made_up),
        "warmUpCost": _cost(report.warm_up_real),
        "models": [_model(model) for model in report.models],
        "answers": [_answer(answer) for answer in report.answers],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def as_csv(report: Report) -> str:
    """Return one row per model as CSV. Durations are in ms, money in exact US dollars; empty: unknown. `simulated_cost_usd` is not money.

    The last columns explain each figure: most programs would read a comment line as a model.
    """
    columns = ["model", "simulated", "answers", "completed", "failed", "stopped", "retried", "failures"]
    columns += ["input_tokens", "output_tokens", "estimated_answers", "cost_usd", "unpriced_answers", "simulated_cost_usd"]
    for metric in METRICS:
        name = _column(metric.key, metric.unit)
        columns += [f"{name}_n", *(f"{name}_p{percent}" for percent in PERCENTILES), f"{name}_p50_low", f"{name}_p50_high"]
    columns += [f"{_column(metric.key, metric.unit)}_max" for metric in METRICS]
    columns += [f"{_column(metric.key, metric.unit)}_meaning" for metric in METRICS]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_row(model) for model in report.models)
    return text.getvalue()


def _column(key: str, unit: str) -> str:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
    return f"{snake}_ms" if unit == "ms" else snake


def _row(model: ModelSummary) -> list[object]:
    real, made_up = model.real, model.made_up
    failures = " ".join(f"{code}:{times}" for code, times in sorted(model.failures.items()))
    row: list[object] = [model.model, str(model.simulated).lower(), model.answers, model.completed]
    row += [model.failures.total(), model.stopped, model.retried, failures]
    row += [real.input_tokens + made_up.input_tokens, real.output_tokens + made_up.output_tokens, real.estimated + made_up.estimated]
    row += [_amount(real), real.unpriced, _amount(made_up)]
    for metric in METRICS:
        row += _numbers(model.measures.get(metric.key))
    measures = (model.measures.get(metric.key) for metric in METRICS)
    highest = (None if measure is None else measure.numbers.highest for measure in measures)
    row += ["" if value is None else _rounded(value) for value in highest]
    row += [metric.meaning for metric in METRICS]
    return row


def _amount(tally: Tally) -> str:
    known = tally.known_cost
    return exact(known) if tally.answers and known is not None else ""


def _numbers(measure: Measure | None) -> list[object]:
    if measure is None:
        return [0, *[""] * (len(PERCENTILES) + 2)]
    interval: list[object] = ["", ""] if measure.interval is None else [_rounded(end) for end in measure.interval]
    tails = (measure.numbers.tail(percent) for percent in PERCENTILES)
    return [measure.numbers.count, *("" if value is None else _rounded(value) for value in tails), *interval]


def _rounded(value: float) -> float:
    """Round to a thousandth of a millisecond, which is finer than any clock here."""
    return round(value, 3)


def _rounded_or_null(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _model(model: ModelSummary) -> dict[str, Any]:
    return {
        "model": model.model,
        "simulated": model.simulated,
        "answers": model.answers,
        "completed": model.completed,
        "stopped": model.stopped,
        "retried": model.retried,
        "failures": dict(sorted(model.failures.items())),
        "cost": _cost(model.real),
        "simulatedCost": _cost(model.made_up),
        **{metric.key: _measure(model.measures.get(metric.key)) for metric in METRICS},
    }


def _measure(measure: Measure | None) -> dict[str, Any] | None:
    if measure is None:
        return None
    numbers = measure.numbers
    return {
        "n": numbers.count,
        **{f"p{percent}": _rounded_or_null(numbers.tail(percent)) for percent in PERCENTILES},
        "p50Interval": None if measure.interval is None else [_rounded(end) for end in measure.interval],
        "mean": _rounded(numbers.mean),
        "min": _rounded(numbers.lowest),
        "max": _rounded(numbers.highest),
    }


def _cost(tally: Tally) -> dict[str, Any]:
    known = tally.known_cost
    return {
        "usd": None if known is None else exact(known),
        "answers": tally.answers,
        "unpriced": tally.unpriced,
        "inputTokens": tally.input_tokens,
        "outputTokens": tally.output_tokens,
        "estimated": tally.estimated,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    single = {metric.key: metric.value(answer) for metric in METRICS if metric.value}
    return {
        "model": answer.model,
        "prompt": answer.prompt,
        "repetition": answer.repetition,
        "simulated": answer.simulated,
        "status": answer.status,
        "error": None if answer.code is None else {"code": answer.code, "message": answer.message},
        "attempts": answer.attempts,
        "inputTokens": answer.input_tokens,
        "outputTokens": answer.output_tokens,
        "estimated": answer.estimated,
        "cost": None if answer.cost is None else exact(answer.cost),
        **{key: _rounded_or_null(value) for key, value in single.items()},
        "timesBetweenChunks": [[_rounded(gap), times] for gap, times in sorted(answer.gaps.counts.items())],
    }
