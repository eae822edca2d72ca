"""The database query of a cost report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playground.database import sqlstate
from playground.database.client import REPORT_SECONDS, Database
from playground.database.generated.errors import RawQueryError

from .schemas import Dimension

_NARROW = "Choose a shorter period with `from` and `to`."


class UnknownTimeZone(Exception):
    """PostgreSQL doesn't know this time zone."""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Selects answers, and the dimensions of the rows."""

    group_by: Sequence[Dimension]
    timezone: str
    asked_by: str
    user_id: str | None
    """`None` for all users."""
    since: datetime | None
    until: datetime | None
    most_rows: int


_COLUMNS: dict[Dimension, dict[str, str]] = {
    "day": {"day": "to_char(a.created_at AT TIME ZONE $1, 'YYYY-MM-DD')"},
    "week": {"week": "to_char(date_trunc('week', a.created_at AT TIME ZONE $1), 'YYYY-MM-DD')"},
    "month": {"month": "to_char(a.created_at AT TIME ZONE $1, 'YYYY-MM')"},
    "model": {"model": "l.model", "provider": "l.provider"},
    "provider": {"provider": "l.provider"},
    "user": {"user_id": "t.user_id", "user_email": "u.email", "user_name": "u.name"},
}
_PERIODS = ("day", "week", "month")

KINDS = {
    "paid": "NOT simulated AND NOT own_key",
    "own_key": "NOT simulated AND own_key",
    "simulated": "simulated",
}
"""Who paid for an answer; each answer has one kind. The columns of the figures start with these names."""

# An answer that used nothing, for example because it was refused, needs no price.
_USED_NOTHING = "(input_tokens = 0 AND output_tokens = 0)"
_FIGURES = {
    "answers": "count(*) FILTER (WHERE {kind})",
    "failed_answers": "count(*) FILTER (WHERE {kind} AND status = 'failed')",
    "input_tokens": "coalesce(sum(input_tokens) FILTER (WHERE {kind}), 0)",
    "output_tokens": "coalesce(sum(output_tokens) FILTER (WHERE {kind}), 0)",
    "estimated_answers": "count(*) FILTER (WHERE {kind} AND estimated)",
    "cost": "coalesce(sum(cost) FILTER (WHERE {kind}), 0)",
    "priced": f"count(*) FILTER (WHERE {{kind}} AND cost IS NOT NULL AND (cost <> 0 OR {_USED_NOTHING} IS NOT TRUE))",
    "unknown_costs": f"count(*) FILTER (WHERE {{kind}} AND cost IS NULL AND {_USED_NOTHING} IS NOT TRUE)",
}

_STATEMENT = """
WITH wanted AS (
  SELECT {columns}, a.turn_id, a.status::text AS status, a.input_tokens, a.output_tokens, a.estimated, a.cost, a.own_key, l.simulated
  FROM turns t JOIN answers a ON a.turn_id = t.id JOIN lanes l ON l.id = a.lane_id JOIN users u ON u.id = t.user_id
  WHERE {conditions}),
written AS (SELECT * FROM wanted WHERE status <> 'running')
SELECT {names}, GROUPING({first}) = 1 AS is_total, count(DISTINCT turn_id) AS requests, {figures},
       (SELECT count(*) FROM wanted WHERE status = 'running') AS running_answers
FROM written
GROUP BY GROUPING SETS (({names}), ())
ORDER BY is_total DESC, {order}
LIMIT {limit}
"""


class ReportRepository:
    """Reads costs from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def costs(self, query: ReportQuery) -> list[dict[str, Any]]:
        """Return the total, then the rows by time and within that by cost, highest first. Raises `UnknownTimeZone`."""
        statement, parameters = _statement(query)
        try:
            return await self._database.read(query.asked_by, statement, *parameters, seconds=REPORT_SECONDS, narrow=_NARROW)
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.INVALID_PARAMETER_VALUE:
                raise
            raise UnknownTimeZone(query.timezone) from None


def _statement(query: ReportQuery) -> tuple[str, list[object]]:
    columns = {name: sql for dimension in query.group_by for name, sql in _COLUMNS[dimension].items()}
    periods = [name for name in columns if name in _PERIODS]
    others = [name for name in columns if name not in _PERIODS]
    parameters: list[object] = [query.timezone]
    # Needed if no period is selected, since PostgreSQL can't infer the type of an unused parameter.
    conditions = ["$1::text IS NOT NULL"]
    for condition, value in (
        ("t.user_id = ${}", query.user_id),
        ("a.created_at >= ${}::timestamptz", query.since and query.since.isoformat()),
        ("a.created_at < ${}::timestamptz", query.until and query.until.isoformat()),
    ):
        if value is not None:
            parameters.append(value)
            conditions.append(condition.format(len(parameters)))
    statement = _STATEMENT.format(
        columns=", ".join(f"{sql} AS {name}" for name, sql in columns.items()),
        conditions=" AND ".join(conditions),
        names=", ".join(columns),
        first=next(iter(columns)),
        figures=", ".join(
            f"{sql.format(kind=kind)} AS {name}_{figure}" for name, kind in KINDS.items() for figure, sql in _FIGURES.items()
        ),
        order=", ".join([*periods, "paid_cost DESC", *others]),
        limit=query.most_rows + 1,
    )
    return statement, parameters
