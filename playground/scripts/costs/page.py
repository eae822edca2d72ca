"""The cost report as an HTML page."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from playground.scripts.charts.bars import Layer, bars
from playground.scripts.page import badge, escape, page, section, table, tiles, unbroken
from playground.scripts.tally import Tally
from playground.scripts.units import count, money

from .book import KINDS, Book, Key, Kind
from .table import TITLES, number_cells, remarks, totals

_MOST_LAYERS = 8
"""The number of colours."""

_NOT_PAID: tuple[tuple[Kind, str, str], ...] = (
    ("own key", "Cost on users' own keys by day", "US dollars, paid by the users themselves."),
    ("simulated", "Simulated cost by day", "Simulated: no one pays it."),
)


def as_html(book: Book, *, place: str, made_on: date) -> str:
    """Return the self-contained page."""
    zone = "UTC" if book.zone.key == "UTC" else f"days in {book.zone.key}"
    return page(
        "Cost report",
        f"{_range(book)} · {place} · {zone} · created on {made_on:%d %B %Y}",
        [
            tiles(_sums(book)),
            section("Cost by day", _costs(book, "paid"), note="US dollars, paid with the service's keys."),
            *(section(heading, _costs(book, kind), note=note) for kind, heading, note in _NOT_PAID if book.totals[kind].answers),
            *([section("Tokens by day", _tokens(book))] if any(tally.answers for tally in book.totals.values()) else []),
            section("By " + ", ".join(book.by), _table(book), note=" ".join(remarks(book))),
        ],
    )


def _range(book: Book) -> str:
    if book.first is None and book.last is None:
        return "All time"
    return f"{book.first or 'the beginning'} to {book.last or 'now'}"


def _sums(book: Book) -> list[tuple[str, str, str]]:
    real, own_key, made_up = book.totals.values()
    unknown = f"without {count(real.unpriced, 'answer')} of unknown cost" if real.unpriced else "no unknown costs"
    entries = [
        ("Cost", money(real.known_cost), unknown),
        (
            "Answers",
            f"{real.answers + own_key.answers + made_up.answers:,}",
            f"{made_up.answers:,} simulated" if made_up.answers else "none simulated",
        ),
        ("Tokens in / out", f"{real.input_tokens:,} / {real.output_tokens:,}", _estimated(real)),
    ]
    if own_key.answers:
        entries.append(("On users' own keys", money(own_key.known_cost), "paid by the users themselves"))
    if made_up.answers:
        entries.append(("Simulated cost", money(made_up.known_cost), "not real money"))
    return entries


def _estimated(tally: Tally) -> str:
    return (
        f"on the service's keys, {count(tally.estimated, 'answer')} estimated"
        if tally.estimated
        else "on the service's keys, as reported by the providers"
    )


def _costs(book: Book, kind: Kind) -> str:
    layers = _layers(book.by_day(kind), lambda tally: tally.cost)
    if not any(any(layer.amounts.values()) for layer in layers):
        return '<p class="note">No known costs above zero in this range.</p>\n'
    split = "by model" if "model" in book.by else "by provider" if "provider" in book.by else "all models together"
    return bars("Cost", split + ("" if kind == "paid" else f", {kind}"), layers, money)


def _tokens(book: Book) -> str:
    sides: list[tuple[str, Callable[[Tally], int]]] = [
        ("in", lambda tally: tally.input_tokens),
        ("out", lambda tally: tally.output_tokens),
    ]
    layers = []
    for kind in KINDS:
        words = "" if kind == "paid" else f", {kind}"
        for side, number in sides:
            by_day: dict[date, Decimal] = {}
            for days in book.by_day(kind).values():
                for day, tally in days.items():
                    by_day[day] = by_day.get(day, Decimal(0)) + number(tally)
            if any(by_day.values()):
                layers.append(Layer(f"{side}{words}", by_day))
    if not layers:
        return '<p class="note">No tokens in this range.</p>\n'
    return bars("Tokens", "read and written", layers, lambda amount: f"{amount:,.0f}")


def _layers(by_day: dict[str, dict[date, Tally]], amount: Callable[[Tally], Decimal]) -> list[Layer]:
    """Return a layer per name. If there are more than colours, the last layer combines all small ones."""
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
    rows = [[*_about(key, book), *map(escape, number_cells(tally, kind=key.kind, exactly=True))] for key, tally in book.rows()]
    blank = [""] * (len(book.by) - 1)
    foot = [[TITLES[kind].capitalize(), *blank, *map(escape, number_cells(tally, kind=kind, exactly=True))] for kind, tally in totals(book)]
    columns = [*(name.capitalize() for name in book.by), "Answers", "Tokens in", "Tokens out", "Cost"]
    return table(columns, rows, text_columns=len(book.by), foot=foot)


def _about(key: Key, book: Book) -> list[str]:
    cells = [unbroken(str(getattr(key, name))) for name in book.by]
    if key.kind != "paid":
        cells[-1] += " " + badge(key.kind)
    return cells
