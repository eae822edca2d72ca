"""The SQL of quotas. Each is a single atomic statement that can be repeated safely.

What a user has used and reserved is in one row, and every change locks it first. After waiting for that lock, a statement sees the
current row, but everything else as it was when the statement began (READ COMMITTED). So decisions only depend on the columns of
the row. Days and months are compared as text. A row doesn't go back to an earlier period when a clock is late. But a row of a
future period is treated as over: a clock had jumped ahead, and its counts would otherwise stay until then. PostgreSQL's clock
decides, and a service's clock may be at most an hour ahead of it.

Locks are taken in one order, so that no two statements wait for each other: run, reservation, usage. `RESERVE` creates a
reservation that no one else knows yet, so it can do that last.
"""

import re

_LATEST = "(now() + interval '1 hour')"
_DAY = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
_MONTH = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM')"


def _by_the_clock(statement: str) -> str:
    """Return `statement` with its calendar keywords in capitals replaced by SQL."""
    for name, text in (("DAY", _DAY), ("MONTH", _MONTH)):
        column = name.lower()
        over = f"(used.{column} < excluded.{column} OR used.{column} > {text.format(_LATEST)})"
        statement = statement.replace(f"{name}_IS_OVER", over)
        statement = re.sub(rf"\b{name}\((LEAST\(.*?, LATEST\))\)", text.format(r"\1"), statement)
    return statement.replace("LATEST", _LATEST)


# If an earlier attempt succeeded, a repeated one finds its reservation and does nothing. If it can't see the reservation yet, the
# duplicate key undoes the whole statement. A run may want nothing of a limit (a user's own key, an unknown price): then it is
# allowed even if the limit is reached.
RESERVE = _by_the_clock("""
WITH asked AS (
  SELECT run_id, user_id, tokens, cost, held_seconds, daily_requests, monthly_requests, monthly_tokens, monthly_budget,
         LEAST(at, LATEST) AS at, DAY(LEAST(at, LATEST)) AS day, MONTH(LEAST(at, LATEST)) AS month
  FROM jsonb_to_record($1::jsonb) AS asked(
    run_id text, user_id text, at timestamptz, tokens bigint, cost numeric, held_seconds float8,
    daily_requests bigint, monthly_requests bigint, monthly_tokens bigint, monthly_budget numeric)),
counted AS (
  INSERT INTO usage AS used (user_id, day, month, day_requests, month_requests, reserved_tokens, reserved_cost)
  SELECT user_id, day, month, 1, 1, tokens, cost FROM asked
  WHERE NOT EXISTS (SELECT FROM reservations WHERE reservations.run_id = asked.run_id)
    AND (daily_requests IS NULL OR daily_requests > 0)
    AND (monthly_requests IS NULL OR monthly_requests > 0)
    AND (monthly_tokens IS NULL OR tokens = 0 OR tokens <= monthly_tokens)
    AND (monthly_budget IS NULL OR cost = 0 OR cost <= monthly_budget)
  ON CONFLICT (user_id) DO UPDATE SET
    day = CASE WHEN DAY_IS_OVER THEN excluded.day ELSE used.day END,
    month = CASE WHEN MONTH_IS_OVER THEN excluded.month ELSE used.month END,
    day_requests = 1 + CASE WHEN DAY_IS_OVER THEN 0 ELSE used.day_requests END,
    month_requests = 1 + CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_requests END,
    month_tokens = CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_tokens END,
    month_cost = CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_cost END,
    reserved_tokens = used.reserved_tokens + excluded.reserved_tokens,
    reserved_cost = used.reserved_cost + excluded.reserved_cost
  WHERE (
    SELECT (daily_requests IS NULL OR DAY_IS_OVER OR used.day_requests < daily_requests)
      AND (monthly_requests IS NULL OR MONTH_IS_OVER OR used.month_requests < monthly_requests)
      AND (monthly_tokens IS NULL OR tokens = 0 OR
           CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_tokens END + used.reserved_tokens + tokens <= monthly_tokens)
      AND (monthly_budget IS NULL OR cost = 0 OR
           CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_cost END + used.reserved_cost + cost <= monthly_budget)
    FROM asked)
  RETURNING used.*),
kept AS (
  INSERT INTO reservations (run_id, user_id, tokens, cost, created_at, expires_at)
  SELECT run_id, user_id, tokens, cost, at, now() + make_interval(secs => held_seconds) FROM asked JOIN counted USING (user_id))
SELECT * FROM counted
UNION ALL
SELECT usage.* FROM usage JOIN reservations USING (user_id) WHERE run_id = (SELECT run_id FROM asked)
""")

# Tokens and money count in the month in which the turn began, and a request that was not counted before also in its day. If the row
# is already of a later month, they are not counted: the earlier month is over. Part of a WITH clause: see `close_turn` in
# `playground/comparison/recording/statements.py` for `closed` and `closed_run`. A run whose session was deleted meanwhile can no
# longer be closed; its reservation shows that it was not counted yet.
SETTLE = _by_the_clock("""
settled AS (
  DELETE FROM reservations USING closed WHERE run_id = row->>'run_id' RETURNING tokens, cost),
given_back AS (
  SELECT count(*) AS runs, COALESCE(sum(tokens), 0) AS tokens, COALESCE(sum(cost), 0) AS cost FROM settled),
came_to AS (
  SELECT row->>'user_id' AS user_id,
         DAY(LEAST((row->>'created_at')::timestamptz, LATEST)) AS day,
         MONTH(LEAST((row->>'created_at')::timestamptz, LATEST)) AS month,
         CASE WHEN (row->>'reserved')::boolean THEN 0 ELSE 1 END AS requests,
         (row->>'used_tokens')::bigint AS tokens, (row->>'used_cost')::numeric AS cost
  FROM closed, given_back
  WHERE given_back.runs > 0 OR EXISTS (SELECT FROM closed_run)),
used AS (
  INSERT INTO usage AS used (user_id, day, month, day_requests, month_requests, month_tokens, month_cost)
  SELECT user_id, day, month, requests, requests, tokens, cost FROM came_to
  ON CONFLICT (user_id) DO UPDATE SET
    day = CASE WHEN DAY_IS_OVER THEN excluded.day ELSE used.day END,
    month = CASE WHEN MONTH_IS_OVER THEN excluded.month ELSE used.month END,
    day_requests = CASE WHEN DAY_IS_OVER THEN 0 ELSE used.day_requests END
                 + CASE WHEN NOT DAY_IS_OVER AND used.day > excluded.day THEN 0 ELSE excluded.day_requests END,
    month_requests = CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_requests END
                   + CASE WHEN NOT MONTH_IS_OVER AND used.month > excluded.month THEN 0 ELSE excluded.month_requests END,
    month_tokens = CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_tokens END
                 + CASE WHEN NOT MONTH_IS_OVER AND used.month > excluded.month THEN 0 ELSE excluded.month_tokens END,
    month_cost = CASE WHEN MONTH_IS_OVER THEN 0 ELSE used.month_cost END
               + CASE WHEN NOT MONTH_IS_OVER AND used.month > excluded.month THEN 0 ELSE excluded.month_cost END,
    reserved_tokens = GREATEST(used.reserved_tokens - (SELECT tokens FROM given_back), 0),
    reserved_cost = GREATEST(used.reserved_cost - (SELECT cost FROM given_back), 0))
""")

# The run was not started, so its request doesn't count.
RELEASE = """
WITH released AS (
  DELETE FROM reservations WHERE run_id = $1
  RETURNING user_id, tokens, cost, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month)
UPDATE usage SET
  day_requests = GREATEST(day_requests - CASE WHEN usage.day = released.day THEN 1 ELSE 0 END, 0),
  month_requests = GREATEST(month_requests - CASE WHEN usage.month = released.month THEN 1 ELSE 0 END, 0),
  reserved_tokens = GREATEST(reserved_tokens - tokens, 0),
  reserved_cost = GREATEST(reserved_cost - cost, 0)
FROM released WHERE usage.user_id = released.user_id
"""

# Missing reservations have been settled.
EXTEND = """
UPDATE reservations SET expires_at = now() + make_interval(secs => $2::float8) WHERE run_id = ANY($1::text[]) RETURNING run_id
"""

# The processes of these runs died. Their requests stay counted, and their usage is counted when their journals are found.
# Only one process at a time does it: two that change several users' rows could wait for each other.
SWEEP = """
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1::bigint) AS ours),
expired AS (
  DELETE FROM reservations USING turn WHERE ours AND expires_at < now() RETURNING user_id, tokens, cost),
given_back AS (
  SELECT user_id, sum(tokens) AS tokens, sum(cost) AS cost, count(*) AS runs FROM expired GROUP BY user_id),
changed AS (
  UPDATE usage SET
    reserved_tokens = GREATEST(reserved_tokens - tokens, 0),
    reserved_cost = GREATEST(reserved_cost - cost, 0)
  FROM given_back WHERE usage.user_id = given_back.user_id)
SELECT COALESCE(sum(runs), 0)::int AS runs FROM given_back
"""
