"""The database query of the report on models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from playground.database.client import REPORT_SECONDS, Database

from .schemas import Period

_NARROW = "Choose a shorter period with `from` and `to`."
_FORMATS: Mapping[Period, str] = {"day": "YYYY-MM-DD", "week": "YYYY-MM-DD", "month": "YYYY-MM"}

# `$1` is the time zone. What percentiles are of is sorted, so it is read apart from what is only counted.
_STATEMENT = """
WITH wanted AS NOT MATERIALIZED (
  SELECT charges.*, {period} AS period FROM charges WHERE $1::text IS NOT NULL AND {conditions}),
counts AS (
  SELECT model, provider, simulated, period, is_answer, status, error_code, finish_reason, empty, count(*) AS calls,
         coalesce(sum(output_tokens), 0) AS output_tokens, coalesce(sum(cost), 0)::text AS cost, count(cost) AS priced,
         coalesce(sum(output_tokens) FILTER (WHERE cost IS NOT NULL), 0) AS priced_output_tokens,
         count(*) FILTER (WHERE cost IS NULL AND (input_tokens = 0 AND output_tokens = 0) IS NOT TRUE) AS unknown_costs
  FROM wanted GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
times AS (
  SELECT model, provider, simulated, period,
         percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY time_to_first_token) AS time_to_first_token,
         percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY time_to_first_answer) AS time_to_first_answer,
         percentile_cont(ARRAY[0.5, 0.1, 0.01]) WITHIN GROUP (ORDER BY tokens_per_second) AS tokens_per_second
  FROM wanted WHERE is_answer GROUP BY 1, 2, 3, 4)
SELECT json_build_object(
  'counts', coalesce((SELECT json_agg(counts) FROM counts), '[]'),
  'times', coalesce((SELECT json_agg(times) FROM times), '[]'))::text AS found
"""


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """Selects charges."""

    asked_by: str
    user_id: str | None
    """`None` for all users."""
    timezone: str
    period: Period | None
    since: datetime | None
    until: datetime | None


class Counts(msgspec.Struct):
    """Calls that ended in the same way."""

    model: str
    provider: str
    simulated: bool
    period: str | None
    is_answer: bool
    status: str
    error_code: str | None
    finish_reason: str | None
    empty: bool
    calls: int
    output_tokens: int
    cost: str
    priced: int
    priced_output_tokens: int
    unknown_costs: int


class Times(msgspec.Struct):
    """Percentiles of a model's answers: of times 50, 90 and 99, of speeds 50, 10 and 1."""

    model: str
    provider: str
    simulated: bool
    period: str | None
    time_to_first_token: list[float] | None
    time_to_first_answer: list[float] | None
    tokens_per_second: list[float] | None


class Found(msgspec.Struct):
    """What the query returns."""

    counts: list[Counts]
    times: list[Times]


class ModelReportRepository:
    """Reads how models did from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, query: ModelQuery) -> Found:
        """Return counts and percentiles by model, period and kind of end. Raises `TooSlow`."""
        parameters: list[Any] = [query.timezone]
        conditions = ["true"]
        for condition, value in (
            ("user_id = ${}", query.user_id),
            ("at >= ${}::timestamptz", query.since and query.since.isoformat()),
            ("at < ${}::timestamptz", query.until and query.until.isoformat()),
        ):
            if value is not None:
                parameters.append(value)
                conditions.append(condition.format(len(parameters)))
        period = "NULL::text"
        if query.period is not None:
            period = f"to_char(date_trunc('{query.period}', at AT TIME ZONE $1), '{_FORMATS[query.period]}')"
        statement = _STATEMENT.format(period=period, conditions=" AND ".join(conditions))
        [row] = await self._database.read(query.asked_by, statement, *parameters, seconds=REPORT_SECONDS, narrow=_NARROW)
        return msgspec.json.decode(row["found"], type=Found)
