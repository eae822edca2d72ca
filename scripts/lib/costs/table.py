"""The cost report as a table in the terminal, and the words that all of its forms share."""

from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lib.tables import print_table
from lib.tally import Tally
from lib.units import count, exact, money, printable

from .book import Book, Key


def show(book: Book, console: Console) -> None:
    """Print `book`: its rows, the sums of real money and of what is simulated, and what has to be said besides."""
    table = Table(show_edge=False)
    for name in book.by:
        table.add_column(name, overflow="fold", no_wrap=name == "day")
    for number in ("answers", "tokens in", "tokens out", "cost"):
        table.add_column(number, justify="right", no_wrap=True)
    day = None
    for key, tally in book.rows():
        if key.day != day:
            table.add_section()
        # A day stands beside its first row only.
        cells = key_cells(key, book, with_day=key.day != day)
        day = key.day
        table.add_row(*(escape(printable(cell)) for cell in cells), *number_cells(tally, simulated=key.simulated, exactly=False))
    table.add_section()
    for title, tally in totals(book):
        table.add_row(title, *[""] * (len(book.by) - 1), *number_cells(tally, simulated=tally is book.made_up, exactly=False))
    print_table(table, console)
    for line in remarks(book):
        console.print(line, style="dim", markup=False)


def totals(book: Book) -> list[tuple[str, Tally]]:
    """The sums: of real money always, of simulated costs when there are any."""
    return [("real", book.real)] + ([("simulated", book.made_up)] if book.made_up.answers else [])


def key_cells(key: Key, book: Book, *, with_day: bool = True) -> list[str]:
    """What a row is about, a cell for each dimension that was asked for; the last one is labelled when the row is simulated."""
    cells = []
    for name in book.by:
        value = getattr(key, name)
        cells.append("" if value is None or (name == "day" and not with_day) else str(value))
    if key.simulated:
        cells[-1] = f"{cells[-1]} (simulated)".strip()
    return cells


def number_cells(tally: Tally, *, simulated: bool, exactly: bool) -> list[str]:
    """Answers, tokens in and out, cost. Estimated tokens are marked `~`; unknown costs are counted beside the known."""
    mark = "~" if tally.estimated else ""
    return [f"{tally.answers:,}", f"{mark}{tally.input_tokens:,}", f"{mark}{tally.output_tokens:,}", _cost(tally, simulated, exactly)]


def _cost(tally: Tally, simulated: bool, exactly: bool) -> str:
    def written(amount: Decimal) -> str:
        return f"${exact(amount)}" if exactly else money(amount)

    known = tally.known_cost
    if known is None:
        return f"unknown ({tally.unpriced:,})"
    return written(known) + (f" + {tally.unpriced:,} unknown" if tally.unpriced else "") + (" simulated" if simulated else "")


def remarks(book: Book) -> list[str]:
    """What a reader has to know besides the numbers, a sentence each."""
    lines = []
    if book.real.unpriced:
        lines.append(f"The cost of {count(book.real.unpriced, 'answer')} is unknown, and in no sum.")
    if book.real.estimated or book.made_up.estimated:
        lines.append(
            f"~ The tokens of {count(book.real.estimated + book.made_up.estimated, 'answer')} are estimated: the provider did not say."
        )
    if book.made_up.answers:
        lines.append("Simulated costs are made up. They are in no sum of real money.")
    if book.running:
        lines.append(f"{count(book.running, 'answer is', 'answers are')} still being written, and not counted.")
    return lines
