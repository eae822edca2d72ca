"""The cost report as a table in the terminal, and the texts that all formats share."""

from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from playground.scripts.tables import print_table
from playground.scripts.tally import Tally
from playground.scripts.units import count, exact, money, printable

from .book import KINDS, Book, Key, Kind

TITLES: dict[Kind, str] = {"paid": "service's keys", "own key": "users' own keys", "simulated": "simulated"}


def show(book: Book, console: Console) -> None:
    """Print `book`: its rows, the sums of real and simulated costs, and remarks."""
    table = Table(show_edge=False)
    for name in book.by:
        table.add_column(name, overflow="fold", no_wrap=name == "day")
    for number in ("answers", "tokens in", "tokens out", "cost"):
        table.add_column(number, justify="right", no_wrap=True)
    day = None
    for key, tally in book.rows():
        if key.day != day:
            table.add_section()
        # A day is only shown in its first row.
        cells = key_cells(key, book, with_day=key.day != day)
        day = key.day
        table.add_row(*(escape(printable(cell)) for cell in cells), *number_cells(tally, kind=key.kind, exactly=False))
    table.add_section()
    for kind, tally in totals(book):
        table.add_row(TITLES[kind], *[""] * (len(book.by) - 1), *number_cells(tally, kind=kind, exactly=False))
    print_table(table, console)
    for line in remarks(book):
        console.print(line, style="dim", markup=False)


def totals(book: Book) -> list[tuple[Kind, Tally]]:
    """Return the total on the service's keys, and those of the other kinds if there are any."""
    return [(kind, tally) for kind, tally in book.totals.items() if kind == "paid" or tally.answers]


def key_cells(key: Key, book: Book, *, with_day: bool = True) -> list[str]:
    """Return a cell per dimension. The last one is labelled if the cost is simulated or a user paid it."""
    cells = []
    for name in book.by:
        value = getattr(key, name)
        cells.append("" if value is None or (name == "day" and not with_day) else str(value))
    if key.kind != "paid":
        cells[-1] = f"{cells[-1]} ({key.kind})".strip()
    return cells


def number_cells(tally: Tally, *, kind: Kind, exactly: bool) -> list[str]:
    """Return answers, tokens in and out, and cost. Estimated tokens are marked with `~`; unknown costs are counted separately."""
    mark = "~" if tally.estimated else ""
    return [f"{tally.answers:,}", f"{mark}{tally.input_tokens:,}", f"{mark}{tally.output_tokens:,}", _cost(tally, kind, exactly)]


def _cost(tally: Tally, kind: Kind, exactly: bool) -> str:
    def written(amount: Decimal) -> str:
        return f"${exact(amount)}" if exactly else money(amount)

    known = tally.known_cost
    if known is None:
        return f"unknown ({tally.unpriced:,})"
    return written(known) + (f" + {tally.unpriced:,} unknown" if tally.unpriced else "") + ("" if kind == "paid" else f" {kind}")


def remarks(book: Book) -> list[str]:
    """Return what a reader must know besides the numbers, one sentence each."""
    lines = []
    unpriced = sum(book.totals[kind].unpriced for kind in KINDS if kind != "simulated")
    if unpriced:
        lines.append(f"The cost of {count(unpriced, 'answer')} is unknown and not included in any sum.")
    estimated = sum(tally.estimated for tally in book.totals.values())
    if estimated:
        lines.append(f"~ The tokens of {count(estimated, 'answer')} are estimated, because the provider didn't report them.")
    if book.totals["own key"].answers:
        lines.append("Answers on users' own keys are paid by those users, and not included in what was paid with the service's keys.")
    if book.totals["simulated"].answers:
        lines.append("Simulated costs are invented, and not included in any sum of real money.")
    if book.running:
        lines.append(f"{count(book.running, 'answer is', 'answers are')} still being written and not counted.")
    return lines
