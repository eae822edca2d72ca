"""The books of a cost report: sums sorted into rows by what was asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from lib.tally import Tally, add

Dimension = Literal["day", "model", "provider"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is about. A dimension that was not asked for is `None`. Simulated answers always have rows of their own."""

    day: date | None
    model: str | None
    provider: str | None
    simulated: bool


@dataclass(slots=True)
class Book:
    """Takes sums, gives rows. Days are those of `zone`; `first` and `last` are included."""

    by: Sequence[Dimension]
    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    running: int = 0
    """Answers that are still being written, which are left out."""
    real: Tally = field(default_factory=Tally)
    made_up: Tally = field(default_factory=Tally)
    _rows: dict[Key, Tally] = field(default_factory=dict)
    _days: dict[tuple[date, Key], Tally] = field(default_factory=dict)

    def take(self, day: date, subject: Key, tally: Tally) -> None:
        """Book what answers of one day and subject came to."""
        model = subject.model if "model" in self.by else None
        provider = subject.provider if "provider" in self.by else None
        key = Key(day if "day" in self.by else None, model, provider, subject.simulated)
        without_day = Key(None, model, provider, subject.simulated)
        self._rows.setdefault(key, Tally()).merge(tally)
        self._days.setdefault((day, without_day), Tally()).merge(tally)
        (self.made_up if subject.simulated else self.real).merge(tally)

    def rows(self) -> list[tuple[Key, Tally]]:
        """The rows: by day, real before simulated, the dearest first."""
        return sorted(self._rows.items(), key=_order)

    def by_day(self, *, simulated: bool) -> dict[str, dict[date, Tally]]:
        """What each model, or provider, came to on each day, the dearest first; the name is that of the chart's layer."""
        layers: dict[str, dict[date, Tally]] = {}
        for (day, key), tally in self._days.items():
            if key.simulated == simulated:
                layers.setdefault(key.model or key.provider or "all models", {}).setdefault(day, Tally()).merge(tally)
        return dict(sorted(layers.items(), key=lambda layer: (-_total(layer[1].values()), layer[0])))


def _order(row: tuple[Key, Tally]) -> tuple[object, ...]:
    key, tally = row
    return (key.day or date.min, key.simulated, -tally.cost, key.model or "", key.provider or "")


def _total(tallies: Iterable[Tally]) -> Decimal:
    total = Decimal(0)
    for tally in tallies:
        total = add(total, tally.cost)
    return total
