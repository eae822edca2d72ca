"""The two database queries of the statistics."""

from datetime import datetime
from typing import Any, NamedTuple

from playground.database.client import REPORT_SECONDS, Database

# Every part has one row per bucket and one without a start for the whole period, because distinct counts can't be added up.
_SERIES = """
WITH asked AS (SELECT $1::timestamptz AS since, $2::timestamptz AS until, $3::text AS bucket),
buckets AS (
  SELECT step AT TIME ZONE 'UTC' AS start
  FROM asked, generate_series(
    date_trunc(bucket, since AT TIME ZONE 'UTC'), (until AT TIME ZONE 'UTC') - interval '1 microsecond', ('1 ' || bucket)::interval) AS step
  UNION ALL SELECT '-infinity'),
answered AS (
  SELECT date_trunc(bucket, a.created_at, 'UTC') AS start, t.user_id, a.turn_id, a.input_tokens, a.output_tokens, a.cost, a.own_key,
         a.status, a.simulated
  FROM asked, answers a JOIN turns t ON t.id = a.turn_id
  WHERE a.created_at >= since AND a.created_at < until),
of_answers AS (
  SELECT coalesce(start, '-infinity') AS start, count(*) AS answers, count(DISTINCT turn_id) AS turns,
         count(DISTINCT user_id) AS active_users, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
         sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FILTER (WHERE simulated) AS simulated_tokens,
         sum(cost) FILTER (WHERE NOT simulated AND NOT own_key) AS cost, sum(cost) FILTER (WHERE NOT simulated AND own_key) AS own_key_cost,
         sum(cost) FILTER (WHERE simulated) AS simulated_cost,
         count(*) FILTER (WHERE cost IS NULL AND status <> 'running') AS unknown_costs,
         count(*) FILTER (WHERE status = 'failed') AS errors
  FROM answered GROUP BY GROUPING SETS ((start), ())),
of_sessions AS (
  SELECT coalesce(start, '-infinity') AS start, count(*) AS sessions
  FROM (SELECT date_trunc(bucket, created_at, 'UTC') AS start FROM asked, sessions WHERE created_at >= since AND created_at < until) begun
  GROUP BY GROUPING SETS ((start), ())),
of_users AS (
  SELECT coalesce(start, '-infinity') AS start, count(*) AS new_users
  FROM (SELECT date_trunc(bucket, created_at, 'UTC') AS start FROM asked, users WHERE created_at >= since AND created_at < until) made
  GROUP BY GROUPING SETS ((start), ()))
SELECT nullif(b.start, '-infinity') AS start,
       coalesce(new_users, 0) AS new_users, coalesce(active_users, 0) AS active_users, coalesce(sessions, 0) AS sessions,
       coalesce(turns, 0) AS turns, coalesce(answers, 0) AS answers, coalesce(input_tokens, 0) AS input_tokens,
       coalesce(output_tokens, 0) AS output_tokens, coalesce(simulated_tokens, 0) AS simulated_tokens, coalesce(cost, 0) AS cost,
       coalesce(own_key_cost, 0) AS own_key_cost, coalesce(simulated_cost, 0) AS simulated_cost,
       coalesce(unknown_costs, 0) AS unknown_costs, coalesce(errors, 0) AS errors,
       CASE WHEN b.start = '-infinity' THEN (SELECT count(*) FROM users, asked WHERE created_at < until) END AS users
FROM buckets b LEFT JOIN of_answers USING (start) LEFT JOIN of_sessions USING (start) LEFT JOIN of_users USING (start)
ORDER BY b.start
"""

_ERRORS = """
SELECT a.provider, a.error_code AS code, count(*) AS answers, count(*) FILTER (WHERE a.status = 'failed') AS errors
FROM answers a
WHERE a.created_at >= $1::timestamptz AND a.created_at < $2::timestamptz
GROUP BY GROUPING SETS ((a.provider), (a.error_code))
ORDER BY errors DESC, provider, code
"""


_NARROW = "Request a shorter period with `from` and `to`."


class Found(NamedTuple):
    """The results of the two queries. `series` begins with the totals, whose `start` is null."""

    series: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    """By `provider` or by `code`; the other one is null."""


class StatisticsRepository:
    """Computes statistics in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def between(self, asked_by: str, since: datetime, until: datetime, bucket: str) -> Found:
        """Return the statistics from `since` (inclusive) to `until` (exclusive), by buckets in UTC."""
        moments = since.isoformat(), until.isoformat()
        series = await self._database.read(asked_by, _SERIES, *moments, bucket, seconds=REPORT_SECONDS, narrow=_NARROW)
        errors = await self._database.read(asked_by, _ERRORS, *moments, seconds=REPORT_SECONDS, narrow=_NARROW)
        return Found(series, errors)
