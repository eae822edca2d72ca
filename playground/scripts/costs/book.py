"""Groups answers into the rows of a cost report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from playground.scripts.problems import BadWire
from playground.scripts.tally import Tally, add, dollars

Dimension = Literal["day", "model", "provider"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Kind = Literal["paid", "own key", "simulated"]
"""Who paid: the service's keys, the users' own keys, or no one. As in `GET /reports/costs`, they are never added up."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Key:
    """The dimensions of a row; `None` for those that are not grouped by. Each kind of answer always has its own rows."""

    day: date | None
    model: str | None
    provider: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """The cost data of one answer."""

    at: datetime
    """When the answer was requested."""
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
        """Return the entry for an answer from `GET /playground/sessions?include=answers`. Raises `BadWire`."""
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
    """Groups entries into rows. Days are those of `zone`; `first` and `last` are inclusive."""

    by: Sequence[Dimension]
    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    running: int = 0
    """Number of answers that are still being written, which are left out."""
    totals: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})
    _rows: dict[Key, Tally] = field(default_factory=dict)
    _days: dict[tuple[date, Key], Tally] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> None:
        """Add the entries within the range."""
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
        """Return the sums that an answer is added to: its row, its place in the chart, and the total."""
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
        """Return the total on the service's keys."""
        return self.totals["paid"]

    def rows(self) -> list[tuple[Key, Tally]]:
        """Return the rows by day and kind, most expensive first."""
        return sorted(self._rows.items(), key=_order)

    def by_day(self, kind: Kind) -> dict[str, dict[date, Tally]]:
        """Return the sums per day of each model or provider, most expensive first, by the names of the chart's layers."""
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
