"""The report of a benchmark as tables in the terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from playground.scripts.tables import print_table
from playground.scripts.tally import Tally
from playground.scripts.units import count, money, printable

from .metrics import Metric
from .summary import ModelSummary, Report

SIMULATED_MARK = "*"


def show(report: Report, console: Console) -> None:
    """Print `report`: a table per metric, one with outcomes and costs, and remarks."""
    console.print(f"{count(report.completed, 'answer')} in {report.seconds:.1f} s", style="bold")
    for metric in report.metrics:
        print_table(_times(report, metric), console)
    print_table(_outcomes(report), console)
    for line in [*_failures(report), *remarks(report)]:
        console.print(printable(line), style="dim", markup=False)


def remarks(report: Report) -> list[str]:
    """Return what a reader must know besides the numbers, one sentence each."""
    lines = []
    if report.interrupted:
        lines.append("Ended early: only the requests that finished are included.")
    if any(model.simulated for model in report.models):
        lines.append(
            f"{SIMULATED_MARK} Simulated: answers, times and costs are invented. The costs are not included in any sum of real money."
        )
    if report.real.unpriced:
        lines.append(f"The cost of {count(report.real.unpriced, 'answer')} is unknown and not included in any sum.")
    if report.real.estimated:
        lines.append(f"~ The tokens of {count(report.real.estimated, 'answer')} are estimated, because the provider didn't report them.")
    if any("timeBetweenChunks" in model.measures for model in report.models):
        lines.append("For times between chunks, n counts the times; the interval is computed from whole answers.")
    if any(0 < model.completed < 100 for model in report.models):
        lines.append("An interval needs 6 values, p95 needs 20 and p99 needs 100. n is the number of values.")
    if report.warm_ups:
        lines.append(f"Warm-up (not counted above): {count(len(report.warm_ups), 'answer')}, real cost {cost_text(report.warm_up_real)}.")
    return lines


def cost_text(tally: Tally) -> str:
    """`$0.12`, `$0.12 + 3 unknown`, `unknown`."""
    known = tally.known_cost
    return f"{money(known)} + {tally.unpriced:,} unknown" if known is not None and tally.unpriced else money(known)


def tokens_text(model: ModelSummary) -> str:
    """Return tokens in and out, marked if some of them are estimated."""
    tally = model.tally
    return f"{'~' if tally.estimated else ''}{tally.input_tokens:,} / {tally.output_tokens:,}"


def each_text(model: ModelSummary) -> str:
    """Return the mean cost of answers with a known cost."""
    tally = model.tally
    return money(tally.cost / tally.priced) if tally.priced else "unknown" if tally.unpriced else "–"


def shown(metric: Metric, value: float | None) -> str:
    """Return a figure, or a dash if there is none."""
    return "–" if value is None else metric.show(value)


def _name(model: ModelSummary) -> str:
    return escape(printable(model.model)) + (SIMULATED_MARK if model.simulated else "")


def _times(report: Report, metric: Metric) -> Table:
    title = Text.assemble((metric.title, "bold not italic"), "\n", (metric.meaning, "dim not italic"))
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    # The same widths in all of these tables, so that the columns align.
    for name, width in (("n", 7), ("p50", 8), ("95 % of p50", 17), ("p95", 8), ("p99", 8), ("max", 8)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for model in report.models:
        table.add_row(*_cells(model, metric))
    return table


def _cells(model: ModelSummary, metric: Metric) -> list[str]:
    measure = model.measures.get(metric.key)
    if measure is None:
        return [_name(model), "0", "–", "–", "–", "–", "–"]
    numbers, interval = measure.numbers, measure.interval
    between = f"{metric.show(interval.low)} – {metric.show(interval.high)}" if interval else "–"
    ends = (shown(metric, numbers.tail(percent)) for percent in (95, 99))
    return [_name(model), f"{numbers.count:,}", metric.show(numbers.median), between, *ends, metric.show(numbers.highest)]


def _outcomes(report: Report) -> Table:
    table = Table(
        title="Outcome and cost", title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("model", overflow="fold")
    for name in ("completed", "tokens in / out", "cost", "per answer"):
        table.add_column(name, justify="right", no_wrap=True)
    for model in report.models:
        completed = f"{model.completed:,} of {model.answers:,}"
        mark = SIMULATED_MARK if model.simulated else ""
        table.add_row(_name(model), completed, tokens_text(model), cost_text(model.tally) + mark, each_text(model) + mark)
    table.add_section()
    table.add_row("real money", "", "", cost_text(report.real), "")
    return table


def _failures(report: Report) -> list[str]:
    """Return one line per model and error code, with the first message."""
    return [f"{failure.times:,} x {failure.code} ({failure.model}): {failure.message}" for failure in report.failures] + [
        f"{count(model.stopped, 'answer')} of {model.model} stopped before the end." for model in report.models if model.stopped
    ]
