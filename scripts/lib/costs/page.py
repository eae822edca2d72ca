"""The cost report as a page to look at."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from lib.charts.bars import Layer, bars
from lib.page import badge, escape, page, section, table, tiles, unbroken
from lib.tally import Tally
from lib.units import count, money

from .book import Book, Key
from .table import number_cells, remarks, totals

_MOST_LAYERS = 8
"""As many as there are colours."""


def as_html(book: Book, *, place: str, made_on: date) -> str:
    """The page, self-contained."""
    zone = "UTC" if book.zone.key == "UTC" else f"days in {book.zone.key}"
    return page(
        "Cost report",
        f"{_range(book)} · {place} · {zone} · made on {made_on:%d %B %Y}",
        [
            tiles(_sums(book)),
            section("Cost by day", _costs(book, simulated=False), note="US dollars, real money."),
            *(
                [section("Simulated cost by day", _costs(book, simulated=True), note="Made up: nobody pays it.")]
                if book.made_up.answers
                else []
            ),
            *([section("Tokens by day", _tokens(book))] if book.real.answers or book.made_up.answers else []),
            section("By " + ", ".join(book.by), _table(book), note=" ".join(remarks(book))),
        ],
    )


def _range(book: Book) -> str:
    if book.first is None and book.last is None:
        return "All time"
    return f"{book.first or 'the beginning'} to {book.last or 'now'}"


def _sums(book: Book) -> list[tuple[str, str, str]]:
    real, made_up = book.real, book.made_up
    unknown = f"without {count(real.unpriced, 'answer')} of unknown cost" if real.unpriced else "nothing unknown left out"
    entries = [
        ("Real cost", money(real.known_cost), unknown),
        (
            "Answers",
            f"{real.answers + made_up.answers:,}",
            f"{made_up.answers:,} of them simulated" if made_up.answers else "none simulated",
        ),
        ("Tokens in / out", f"{real.input_tokens:,} / {real.output_tokens:,}", _estimated(real)),
    ]
    if made_up.answers:
        entries.append(("Simulated cost", money(made_up.known_cost), "not money"))
    return entries


def _estimated(tally: Tally) -> str:
    return f"of real models, {count(tally.estimated, 'answer')} estimated" if tally.estimated else "of real models, as the providers say"


def _costs(book: Book, *, simulated: bool) -> str:
    layers = _layers(book.by_day(simulated=simulated), lambda tally: tally.cost)
    if not any(any(layer.amounts.values()) for layer in layers):
        return '<p class="note">Nothing in this range has a known cost above zero.</p>\n'
    split = "by model" if "model" in book.by else "by provider" if "provider" in book.by else "all models together"
    return bars("Cost", split + (", simulated" if simulated else ""), layers, money)


def _tokens(book: Book) -> str:
    sides: list[tuple[str, Callable[[Tally], int]]] = [
        ("in", lambda tally: tally.input_tokens),
        ("out", lambda tally: tally.output_tokens),
    ]
    layers = []
    for words, simulated in (("", False), (", simulated", True)):
        for side, number in sides:
            by_day: dict[date, Decimal] = {}
            for days in book.by_day(simulated=simulated).values():
                for day, tally in days.items():
                    by_day[day] = by_day.get(day, Decimal(0)) + number(tally)
            if any(by_day.values()):
                layers.append(Layer(f"{side}{words}", by_day))
    if not layers:
        return '<p class="note">No tokens in this range.</p>\n'
    return bars("Tokens", "read and written", layers, lambda amount: f"{amount:,.0f}")


def _layers(by_day: dict[str, dict[date, Tally]], amount: Callable[[Tally], Decimal]) -> list[Layer]:
    """A layer for each name; when there are more than colours, the last takes all of the small ones."""
    names = list(by_day)
    kept = names if len(names) <= _MOST_LAYERS else names[: _MOST_LAYERS - 1]
    layers = [Layer(name, {day: amount(tally) for day, tally in by_day[name].items()}) for name in kept]
    if len(kept) < len(names):
        rest: dict[date, Tally] = {}
        for name in names[len(kept) :]:
            for day, tally in by_day[name].items():
                rest.setdefault(day, Tally()).merge(tally)
        layers.append(Layer(f"{len(names) - len(kept)} others", {day: amount(tally) for day, tally in rest.items()}))
    return layers


def _table(book: Book) -> str:
    rows = [[*_about(key, book), *map(escape, number_cells(tally, simulated=key.simulated, exactly=True))] for key, tally in book.rows()]
    blank = [""] * (len(book.by) - 1)
    foot = [
        [name.capitalize(), *blank, *map(escape, number_cells(tally, simulated=tally is book.made_up, exactly=True))]
        for name, tally in totals(book)
    ]
    columns = [*(name.capitalize() for name in book.by), "Answers", "Tokens in", "Tokens out", "Cost"]
    return table(columns, rows, text_columns=len(book.by), foot=foot)


def _about(key: Key, book: Book) -> list[str]:
    cells = [unbroken(str(getattr(key, name))) for name in book.by]
    if key.simulated:
        cells[-1] += " " + badge("simulated")
    return cells
