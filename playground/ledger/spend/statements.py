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

# After the database was restored into another PostgreSQL, whose transactions have smaller numbers: new charges would seem to be added up.
IS_AHEAD = "SELECT EXISTS (SELECT FROM ledger_progress WHERE added_below > pg_snapshot_xmax(pg_current_snapshot())) AS ahead"

# What was added up gets a number below those of all transactions, what was not gets the current one.
RENUMBER_CHARGES = """
UPDATE charges SET
  transaction_id = CASE WHEN transaction_id < (SELECT added_below FROM ledger_progress) THEN '1'::xid8 ELSE pg_current_xact_id() END
"""
RESTART_PROGRESS = "UPDATE ledger_progress SET added_below = pg_current_xact_id()"

_CHECK = """
WITH expected AS (
  SELECT {columns} FROM ({added_up}) AS rows({columns})),
kept AS (SELECT {columns} FROM spend)
SELECT
  (SELECT count(*) FROM charges)::int AS charges,
  (SELECT count(*) FROM charges WHERE transaction_id >= (SELECT added_below FROM ledger_progress))::int AS not_added_up,
  (SELECT count(*) FROM (SELECT * FROM expected EXCEPT SELECT * FROM kept) AS missing)::int AS missing_rows,
  (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM expected) AS wrong)::int AS wrong_rows,
  -- The answers of a copied session were charged where they were written.
  (SELECT count(*) FROM answers
   WHERE status <> 'running' AND copied_from IS NULL AND NOT EXISTS (SELECT FROM charges WHERE charges.id = answers.id))::int
    AS answers_without_charge,
  (SELECT count(*) FROM (
     SELECT FROM answers JOIN charges ON charges.answer_id = answers.id
     WHERE answers.cost IS NOT NULL GROUP BY answers.id HAVING sum(charges.cost) <> answers.cost) AS different)::int AS other_costs,
  (SELECT coalesce(sum(cost), 0) FROM charges WHERE NOT simulated AND NOT own_key)::text AS paid
"""

CHECK = _CHECK.format(
    columns=", ".join(COLUMNS),
    added_up=added_up("(SELECT * FROM charges WHERE transaction_id < (SELECT added_below FROM ledger_progress))"),
)
"""Compare everything with everything, in one snapshot."""
