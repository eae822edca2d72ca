"""Asks the service what answers cost, by day and model: every report here is a sum of such rows."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from lib.api import Service
from lib.problems import BadWire
from lib.tally import Tally, dollars

from .book import Book, Key


async def read_into(book: Book, service: Service) -> None:
    """Book what the service has within the range of `book`. Raises a `ServiceError`."""
    params = {"groupBy": "day,model", "timezone": book.zone.key}
    if book.first is not None:
        params["from"] = book.first.isoformat()
    if book.last is not None and book.last < date.max:
        params["to"] = (book.last + timedelta(days=1)).isoformat()
    report = await service.get("/reports/costs", params)
    try:
        for row in report["rows"]:
            day = date.fromisoformat(row["day"])
            for simulated, tally in _tallies(row):
                book.take(day, Key(day, str(row["model"]), str(row["provider"]), simulated), tally)
        book.running = int(report["runningAnswers"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadWire(f"The report of costs lacks something or is of another shape: {error}.") from error


def _tallies(row: dict[str, Any]) -> Iterator[tuple[bool, Tally]]:
    """Money is real whoever's key paid."""
    for simulated, figures in ((False, row), (False, row["ownKey"]), (True, row["simulated"])):
        if figures is not None and figures["answers"]:
            yield simulated, _tally(figures)


def _tally(figures: dict[str, Any]) -> Tally:
    cost, unpriced = dollars(figures["cost"]), int(figures["unknownCosts"])
    tally = Tally(
        answers=int(figures["answers"]),
        input_tokens=int(figures["inputTokens"]),
        output_tokens=int(figures["outputTokens"]),
        estimated=int(figures["estimatedAnswers"]),
        unpriced=unpriced,
    )
    if cost is not None:
        tally.cost, tally.priced = cost, tally.answers - unpriced
    return tally
