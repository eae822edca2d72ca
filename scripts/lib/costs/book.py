"""The books of a cost report: answers sorted into rows by what was asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from lib.problems import BadWire
from lib.tally import Tally, add, dollars

Dimension = Literal["day", "model", "provider"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Kind = Literal["paid", "own key", "simulated"]
"""Who paid: the service's keys, the users' own, or nobody. As in `GET /reports/costs`, they are never added up."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is about. A dimension that was not asked for is `None`. Each kind of answers always has rows of its own."""

    day: date | None
    model: str | None
    provider: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer, as far as it matters for costs."""

    at: datetime
    """When it was asked for."""
    model: str
    provider: str
    kind: Kind
    running: bool
    input_tokens: int | None
    output_tokens: int | None
    estimated: bool
    cost: Decimal | None

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Entry":
        """The entry for an answer as `GET /playground/sessions?include=answers` gives it. Raises `BadWire`."""
        try:
            return cls(
                at=datetime.fromisoformat(answer["createdAt"]),
                model=str(answer["model"]),
                provider=str(answer["provider"]),
                kind="simulated" if answer["simulated"] else "own key" if answer["ownKey"] else "paid",
                running=answer["status"] == "running",
                input_tokens=answer["inputTokens"],
                output_tokens=answer["outputTokens"],
                estimated=bool(answer["estimated"]),
                cost=dollars(answer["cost"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadWire(f"An answer in the list of sessions has an unexpected format: {error}.") from error


@dataclass(slots=True)
class Book:
    """Takes entries, gives rows. Days are those of `zone`; `first` and `last` are included."""

    by: Sequence[Dimension]
    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    running: int = 0
    """Answers that are still being written, which are left out."""
    totals: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})
    _rows: dict[Key, Tally] = field(default_factory=dict)
    _days: dict[tuple[date, Key], Tally] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> None:
        """Book those of `entries` that are within the range."""
        for entry in entries:
            day = entry.at.astimezone(self.zone).date()
            if (self.first and day < self.first) or (self.last and day > self.last):
                continue
            if entry.running:
                self.running += 1
                continue
            for tally in self._tallies(day, entry):
                tally.add(input_tokens=entry.input_tokens, output_tokens=entry.output_tokens, estimated=entry.estimated, cost=entry.cost)

    def _tallies(self, day: date, entry: Entry) -> tuple[Tally, Tally, Tally]:
        """What an answer is counted in: its row, its place in the chart, the total."""
        model = entry.model if "model" in self.by else None
        provider = entry.provider if "provider" in self.by else None
        key = Key(day if "day" in self.by else None, model, provider, entry.kind)
        without_day = Key(None, model, provider, entry.kind)
        return (
            self._rows.setdefault(key, Tally()),
            self._days.setdefault((day, without_day), Tally()),
            self.totals[entry.kind],
        )

    @property
    def paid(self) -> Tally:
        """Of the service's own keys."""
        return self.totals["paid"]

    def rows(self) -> list[tuple[Key, Tally]]:
        """The rows: by day and kind, the dearest first."""
        return sorted(self._rows.items(), key=_order)

    def by_day(self, kind: Kind) -> dict[str, dict[date, Tally]]:
        """What each model, or provider, came to on each day, the dearest first; the name is that of the chart's layer."""
        layers: dict[str, dict[date, Tally]] = {}
        for (day, key), tally in self._days.items():
            if key.kind == kind:
                layers.setdefault(key.model or key.provider or "all models", {}).setdefault(day, Tally()).merge(tally)
        return dict(sorted(layers.items(), key=lambda layer: (-_total(layer[1].values()), layer[0])))


def _order(row: tuple[Key, Tally]) -> tuple[object, ...]:
    key, tally = row
    return (key.day or date.min, KINDS.index(key.kind), -tally.cost, key.model or "", key.provider or "")


def _total(tallies: Iterable[Tally]) -> Decimal:
    total = Decimal(0)
    for tally in tallies:
        total = add(total, tally.cost)
    return total
