"""The SQL that fills `spend`."""

from .views import COLUMNS, FIGURES, SUBJECTS, added_up

ANYTHING_NEW = """
SELECT EXISTS (SELECT FROM charges WHERE transaction_id >= (SELECT added_below FROM ledger_progress)) AS new
"""

TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1::bigint) AS ours"

# To be run by one process at a time, with a snapshot that is younger than its lock (READ COMMITTED). No transaction below
# `pg_snapshot_xmin` is running, so this statement sees all of its charges, and none can be added later.
_ADD_UP = """
WITH bounds AS MATERIALIZED (SELECT added_below AS lower, pg_snapshot_xmin(pg_current_snapshot()) AS upper FROM ledger_progress),
fresh AS MATERIALIZED (
  SELECT charges.* FROM charges, bounds WHERE transaction_id >= lower AND transaction_id < upper),
added AS (
  INSERT INTO spend ({columns})
  {added_up}
  ON CONFLICT ({key}) DO UPDATE SET {sums}),
moved AS (UPDATE ledger_progress SET added_below = upper FROM bounds WHERE added_below < upper)
SELECT count(*)::int AS charges FROM fresh
"""

ADD_UP = _ADD_UP.format(
    columns=", ".join(COLUMNS),
    added_up=added_up("fresh"),
    key=", ".join(("view", "at", *SUBJECTS, "kind")),
    sums=", ".join(f"{name} = spend.{name} + excluded.{name}" for name in FIGURES),
)
