"""The SQL of a cost report: what is added up already, and the charges that are not, in one statement and so in one snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playground.ledger.spend.views import FIGURES, KIND, KINDS, SUBJECTS

from .schemas import Dimension


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Selects charges, and the dimensions of the rows."""

    group_by: Sequence[Dimension]
    timezone: str
    asked_by: str
    user_id: str | None
    """`None` for all users."""
    since: datetime | None
    until: datetime | None
    most_rows: int


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the rows: what it is of a charge, and of a row of `spend`."""

    of_charge: str
    of_spend: str


def _local(unit: str) -> _Column:
    start = f"date_trunc('{unit}', charge.at AT TIME ZONE $1)"
    return _Column(start, start)


def _same(name: str) -> _Column:
    return _Column(SUBJECTS[name], name)


# An hour is a moment, not a local time, which clocks can show twice.
_HOUR = _Column("date_trunc('hour', charge.at, $1)", "date_trunc('hour', charge.at, $1)")
_COLUMNS: Mapping[Dimension, Mapping[str, _Column]] = {
    "hour": {"hour": _HOUR},
    "day": {"day": _local("day")},
    "week": {"week": _local("week")},
    "month": {"month": _local("month")},
    "model": {"model": _same("model"), "provider": _same("provider")},
    "provider": {"provider": _same("provider")},
    "user": {"user_id": _Column("user_id", "subject")},
    "tenant": {"tenant_id": _same("tenant_id")},
    "key": {"key_id": _Column("coalesce(api_key_id, '')", "subject")},
    "source": {"source": _same("source")},
}
_PERIODS: Mapping[str, str] = {
    "hour": """to_char(found.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
    "day": "to_char(found.day, 'YYYY-MM-DD')",
    "week": "to_char(found.week, 'YYYY-MM-DD')",
    "month": "to_char(found.month, 'YYYY-MM')",
}
"""The columns that are times, and how they are written."""
_NAMES: Mapping[str, tuple[str, str]] = {
    "user_id": ("u.email AS user_email, u.name AS user_name", "LEFT JOIN users u ON u.id = found.user_id"),
    "key_id": ("k.name AS key_name", "LEFT JOIN api_keys k ON k.id = found.key_id"),
}
"""What else is read of something that may have been deleted, and from where."""

_FIGURES = ("calls", "answers", "failed_answers", "input_tokens", "output_tokens", "estimated_answers", "cost", "priced", "unknown_costs")
_AMOUNTS = [f"{kind}_cost" for kind in KINDS]
_REQUESTS = ("requests", "provider_requests", "model_requests")

_STATEMENT = """
WITH parts AS ({parts}),
summed AS (SELECT {names}, kind, {sums} FROM parts GROUP BY {names}, kind),
found AS (
  SELECT {names}, GROUPING({first}) = 1 AS is_total, {figures},
         coalesce(CASE WHEN GROUPING({first}) = 1 THEN sum(requests) ELSE sum({requests}) END, 0) AS requests
  FROM summed GROUP BY GROUPING SETS (({names}), ()))
SELECT json_agg(rows)::text AS rows FROM (
SELECT {shown}, is_total, found.requests::bigint AS requests, {figure_names},
       (SELECT count(*) FROM answers a JOIN turns t ON t.id = a.turn_id WHERE a.status = 'running' AND {running}) AS running_answers
FROM found {joins}
ORDER BY is_total DESC, {order}
LIMIT {limit}) AS rows
"""
_NOT_ADDED_UP = "transaction_id >= (SELECT added_below FROM ledger_progress)"

_DAY, _QUARTER = timedelta(days=1), timedelta(minutes=15)
_OF_CALLS = {"model", "provider", "tenant", "source"}
_TIMES = {"hour", "day", "week", "month"}


def view_of(query: ReportQuery) -> tuple[str, timedelta] | None:
    """Return the view of `spend` that has the rows of a report, and the length of its periods; `None` if only the charges do."""
    if query.user_id is not None:
        return None
    subjects = set(query.group_by) - _TIMES
    by_days = not set(query.group_by) & _TIMES or (query.timezone == "UTC" and "hour" not in query.group_by)
    if not subjects:
        return "times", _QUARTER
    if subjects <= _OF_CALLS:
        return ("days", _DAY) if by_days else ("quarters", _QUARTER)
    if by_days and subjects in ({"user"}, {"key"}):
        return ("users" if "user" in subjects else "keys"), _DAY
    return None


class _Parameters:
    """The parameters of a statement; `$1` is the time zone."""

    def __init__(self, timezone: str) -> None:
        self.values: list[object] = [timezone]

    def add(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def within(self, column: str, since: datetime | None, until: datetime | None) -> list[str]:
        """Return the conditions for a time from `since` on and before `until`."""
        bounds = ((">=", since), ("<", until))
        return [f"{column} {sign} {self.add(moment.isoformat())}::timestamptz" for sign, moment in bounds if moment is not None]


def statement_of(query: ReportQuery) -> tuple[str, list[object]]:
    """Return the statement and its parameters. It returns all rows as one JSON text, which is much faster; the first is the total."""
    parameters = _Parameters(query.timezone)
    names = list(dict.fromkeys(name for dimension in query.group_by for name in _COLUMNS[dimension]))
    periods, others = [name for name in names if name in _PERIODS], [name for name in names if name not in _PERIODS]
    figures = {f"{kind}_{name}": f"coalesce(sum({name}) FILTER (WHERE kind = '{kind}'), 0)" for kind in KINDS for name in _FIGURES}
    requests = "model_requests" if "model" in query.group_by else "provider_requests" if "provider" in query.group_by else "requests"
    running = ["$1::text IS NOT NULL", *parameters.within("a.created_at", query.since, query.until)]
    if query.user_id is not None:
        running.append(f"t.user_id = {parameters.add(query.user_id)}")
    statement = _STATEMENT.format(
        parts="\n  UNION ALL ".join(_parts(query, parameters)),
        names=", ".join(names),
        first=names[0],
        sums=", ".join(f"sum({name}) AS {name}" for name in (*_FIGURES, *_REQUESTS)),
        figures=", ".join(f"{sql} AS {name}" for name, sql in figures.items()),
        figure_names=", ".join(f"{name}::{'text' if name in _AMOUNTS else 'bigint'} AS {name}" for name in figures),
        requests=requests,
        shown=", ".join(
            [*(f"{_PERIODS.get(name, f'found.{name}')} AS {name}" for name in names), *(_NAMES[name][0] for name in _joined(names))]
        ),
        joins=" ".join(_NAMES[name][1] for name in _joined(names)),
        running=" AND ".join(running),
        order=", ".join([*(f"found.{name}" for name in periods), "found.paid_cost DESC", *(f"found.{name}" for name in others)]),
        limit=query.most_rows + 1,
    )
    return statement, parameters.values


def _joined(names: Sequence[str]) -> list[str]:
    return [name for name in names if name in _NAMES]


def _parts(query: ReportQuery, parameters: _Parameters) -> list[str]:
    columns = {name: column for dimension in query.group_by for name, column in _COLUMNS[dimension].items()}
    added_up = ", ".join([*(f"{column.of_spend} AS {name}" for name, column in columns.items()), "kind", *_FIGURES, *_REQUESTS])
    charged = ", ".join(
        [
            *(f"{column.of_charge} AS {name}" for name, column in columns.items()),
            f"{KIND} AS kind",
            *(f"{FIGURES[name]} AS {name}" for name in (*_FIGURES, *_REQUESTS)),
        ]
    )

    def part(table: str, selected: str, since: datetime | None, until: datetime | None, *conditions: str) -> str:
        met = [*conditions, *parameters.within("charge.at", since, until)] or ["true"]
        return f"SELECT {selected} FROM {table} AS charge WHERE {' AND '.join(met)}"  # noqa: S608 - of constants alone

    if query.user_id is not None:
        return [part("charges", charged, query.since, query.until, f"charge.user_id = {parameters.add(query.user_id)}")]
    view = view_of(query)
    if view is None:
        return [part("charges", charged, query.since, query.until)]
    name, step = view
    since = None if query.since is None else _floor(query.since + step - timedelta(microseconds=1), step)
    until = None if query.until is None else _floor(query.until, step)
    if since is not None and until is not None and since >= until:
        return [part("charges", charged, query.since, query.until)]
    parts = [part("spend", added_up, since, until, f"view = '{name}'"), part("charges", charged, since, until, _NOT_ADDED_UP)]
    # What is left at both ends, since the report does not begin or end with a row of the view.
    if since != query.since:
        parts.append(part("charges", charged, query.since, since))
    if until != query.until:
        parts.append(part("charges", charged, until, query.until))
    return parts


def _floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - datetime(1, 1, 1, tzinfo=UTC)) % step
