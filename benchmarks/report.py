"""The results in one table: both servers, the target, and whether it was reached."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """A maximum `limit` for the service's number, or (`ratio`) for its ratio to the relay's."""

    limit: float
    ratio: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One metric, measured in several rounds. In each, the relay came first and the service right after it."""

    key: str
    """The name in the targets and in the JSON."""
    title: str
    unit: str
    service: Sequence[float]
    relay: Sequence[float] = ()
    target: Target | None = None

    @property
    def ratios(self) -> list[float]:
        """Return the ratio of the service's number to the relay's, round by round."""
        return [service / relay for relay, service in zip(self.relay, self.service, strict=True)] if self.relay else []

    @property
    def met(self) -> bool | None:
        """Return whether the median reaches the target; `None` without a target."""
        if self.target is None or not self.service:
            return None
        judged = self.ratios if self.target.ratio else self.service
        return statistics.median(judged) <= self.target.limit

    @property
    def wanted(self) -> str:
        """Return the target as text."""
        if self.target is None:
            return ""
        return f"≤ {self.target.limit:g} × relay" if self.target.ratio else f"≤ {self.target.limit:g} {self.unit}"


def show(lines: Sequence[Line], console: Console) -> None:
    """Print the table."""
    table = Table("", "relay", "service", "service / relay", "target", "", title="Median (min..max)", title_justify="left", box=None)
    for line in lines:
        verdict = {True: "[green]met[/]", False: "[bold red]missed[/]", None: ""}[line.met]
        table.add_row(f"{line.title}, {line.unit}", _spread(line.relay), _spread(line.service), _spread(line.ratios), line.wanted, verdict)
    console.print(table)


def as_json(lines: Sequence[Line]) -> list[dict[str, object]]:
    """Return the lines with the numbers of every round."""
    return [
        {
            "key": line.key,
            "unit": line.unit,
            "relay": list(line.relay),
            "service": list(line.service),
            "ratios": line.ratios,
            "target": line.wanted or None,
            "met": line.met,
        }
        for line in lines
    ]


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the percentile, interpolated linearly between neighbours."""
    ordered = sorted(numbers)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def _spread(numbers: Sequence[float]) -> str:
    if not numbers:
        return ""
    text = _rounded(statistics.median(numbers))
    return text if len(numbers) == 1 else f"{text} ({_rounded(min(numbers))}..{_rounded(max(numbers))})"


def _rounded(number: float) -> str:
    digits: Callable[[float], int] = lambda size: 2 if size < 10 else 1 if size < 100 else 0  # noqa: E731
    return f"{number:.{digits(abs(number))}f}"
