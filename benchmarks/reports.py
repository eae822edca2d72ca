"""How long cost reports take over a year of charges: 200 users, 40 models, sparse and in bursts.

Fills a database of its own, which takes a minute or two, and measures each report as a ratio to a plain `count(*)` over the charges, and
against its target.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio

from playground.database.client import Database
from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine.process import running_engine
from playground.database.migrations import migrate
from playground.ledger.model_reports.repository import ModelQuery, ModelReportRepository
from playground.ledger.reports.repository import ReportRepository
from playground.ledger.reports.schemas import Dimension
from playground.ledger.reports.statement import ReportQuery
from playground.ledger.spend.statements import ADD_UP
from playground.settings import Settings

FILL = """
SELECT setseed(0.5);
CREATE TEMP TABLE bursts AS
SELECT number, '2025-12-01T06:00:00Z'::timestamptz + floor(random() * 365) * interval '1 day'
               + random() * random() * interval '14 hours' AS at
FROM generate_series(0, 19999) AS number;
CREATE UNIQUE INDEX ON bursts (number);
CREATE TEMP TABLE runs AS
SELECT number, floor(random() * 20000)::int AS burst, lpad(floor(200 * random() * random())::text, 25, '0') AS owner,
       random() * interval '900 s' AS delay, 1 + number % 6 AS lanes
FROM generate_series(1, {runs}) AS number;
INSERT INTO charges (
  id, at, finished_at, user_id, api_key_id, session_id, run_id, answer_id, source, provider, model, attempt, is_answer, status, empty,
  input_tokens, output_tokens, estimated, simulated, own_key, cost, cost_source, prices, time_to_first_token, time_to_first_answer,
  response_time, tokens_per_second, first_of_run, first_of_provider, first_of_model)
SELECT
  made.id, made.at, made.at + interval '5 s', 'u' || owner, CASE WHEN runs.number % 3 = 0 THEN 'k' || owner END,
  lpad((runs.number / 4)::text, 26, 's'), lpad(runs.number::text, 8, 'r'), made.id,
  CASE WHEN runs.number % 5 = 0 THEN 'v1' ELSE 'playground' END, 'provider' || model % 8, 'provider' || model % 8 || '/model-' || model,
  1, true, (CASE WHEN runs.number % 40 = 0 THEN 'failed' ELSE 'completed' END)::"AnswerStatus", false, 400 + model, 300 + lane,
  runs.number % 17 = 0, false, runs.number % 29 = 0, CASE WHEN model % 20 <> 0 THEN (runs.number % 1000) * 0.000001234567 END, 'list',
  '{{"from": "published", "input": "0.15", "output": "0.6"}}', 200 + model + runs.number % 991, 210 + model + runs.number % 991,
  4000 + model, 60 + model + runs.number % 97, lane = 1, lane < 3, true
FROM runs JOIN bursts ON bursts.number = burst, LATERAL generate_series(1, lanes) AS lane,
  LATERAL (
    SELECT lpad(runs.number::text, 20, '0') || lpad(lane::text, 6, '0') AS id, bursts.at + delay AS at,
           floor(40 * ((burst * 7 + lane * 13 + runs.number) % 100 / 100.0) ^ 2)::int AS model) AS made
ORDER BY made.at;
"""
AFTER = "ANALYZE charges; ANALYZE spend;"
REPORTS: list[tuple[str, tuple[Dimension, ...], str, float]] = [
    ("month", ("month",), "Europe/Berlin", 100),
    ("day", ("day",), "Europe/Berlin", 100),
    ("hour", ("hour",), "Asia/Kathmandu", 400),
    ("model", ("model",), "Europe/Berlin", 100),
    ("provider", ("provider",), "Europe/Berlin", 100),
    ("tenant", ("tenant",), "Europe/Berlin", 100),
    ("user", ("user",), "Europe/Berlin", 400),
    ("key", ("key",), "Europe/Berlin", 400),
    ("month and model", ("month", "model"), "Europe/Berlin", 1_000),
]
"""The name, the dimensions, the time zone, and the target in ms."""


async def main(charges: int, rounds: int) -> None:
    """Fill, measure and print."""
    with tempfile.TemporaryDirectory(prefix="playground-reports-") as name:
        folder = Path(name)
        async with EmbeddedPostgres.open(folder) as server:
            await migrate(server.url)
            async with running_engine(server.url, pool_size=2) as engine:
                for script in (FILL.format(runs=charges * 2 // 7), ADD_UP, AFTER):
                    failure = await engine.run_script(script)
                    if failure is not None:
                        raise SystemExit(failure)
        async with Database.open(Settings(data_dir=folder, database_url=None, _env_file=None)) as database:
            await _measure(database, rounds)


async def _measure(database: Database, rounds: int) -> None:
    async def count() -> object:
        return await database.run(lambda prisma: prisma.query_raw("SELECT count(*) FROM charges"))

    reports = ReportRepository(database)
    [counted] = await database.run(
        lambda prisma: prisma.query_raw("SELECT (SELECT count(*) FROM charges)::int AS charges, (SELECT count(*) FROM spend)::int AS spend")
    )
    print(f"{counted['charges']:,} charges, {counted['spend']:,} rows of sums")
    plain = await _median(count, rounds)
    print(f"{'count(*)':<34}{plain:8.1f} ms")
    since, until = datetime(2026, 3, 3, 11, 7, tzinfo=UTC), datetime(2026, 9, 9, 17, 41, tzinfo=UTC)
    for name, group_by, timezone, target in REPORTS:
        for bounds, label in (((None, None), "all"), ((since, until), "half a year")):
            query = ReportQuery(group_by, timezone, "benchmark", None, *bounds, 10_000)
            took = await _median(lambda query=query: reports.costs(query), rounds)  # type: ignore[misc]
            _print(f"by {name}, {label}", took, plain, target)
    models = ModelReportRepository(database)
    took = await _median(lambda: models.find(ModelQuery("benchmark", None, "Europe/Berlin", None, None, None)), rounds)
    _print("how models did, all", took, plain, 1_000)


def _print(name: str, took: float, plain: float, target: float) -> None:
    verdict = "met" if took <= target else "MISSED"
    print(f"{name:<34}{took:8.1f} ms   {took / plain:5.2f} x count(*)   target {target:.0f} ms: {verdict}")


async def _median(call: Callable[[], Awaitable[object]], rounds: int) -> float:
    await call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charges", type=int, default=1_000_000, help="about how many (default 1,000,000)")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    anyio.run(main, given.charges, given.rounds)
