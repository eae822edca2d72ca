"""A database that was filled before there was a ledger: its answers become charges, and nothing is lost or counted twice."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine.process import Engine, running_engine
from playground.database.migration_history import apply_migrations, known_migrations
from playground.ledger.spend.statements import ADD_UP
from playground.ledger.spend.views import COLUMNS, added_up

from ..support.folders import temporary_folder

_FILL = """
WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS row(
  id text, turn text, position int, model text, simulated boolean, own_key boolean, status text, tokens int, estimated boolean,
  cost numeric)),
new_user AS (INSERT INTO users (id, email, name, updated_at) VALUES ('u', 'u@example.org', 'User', now())),
new_session AS (INSERT INTO sessions (id, user_id, title, updated_at) VALUES ('s', 'u', 'Earlier', now())),
new_lanes AS (
  INSERT INTO lanes (id, session_id, position, provider, model, parameters, simulated)
  SELECT DISTINCT ON (position) 'lane' || position, 's', position, 'lab', model, '{}'::jsonb, simulated FROM given ORDER BY position),
new_turns AS (
  INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, created_at)
  SELECT DISTINCT turn, 's', turn::int, 'Hi', 'run' || turn, 'u', '2026-03-14T12:16:00Z'::timestamptz + turn::int * interval '1 hour'
  FROM given)
INSERT INTO answers (id, turn_id, lane_id, status, text, input_tokens, output_tokens, estimated, own_key, cost, created_at)
SELECT id, turn, 'lane' || position, status::"AnswerStatus", 'x', tokens, tokens, estimated, own_key, cost,
       '2026-03-14T12:16:00Z'::timestamptz + turn::int * interval '1 hour'
FROM given
"""
_DIFFERENCE = """
WITH expected AS ({expected}), kept AS (SELECT {columns} FROM spend)
SELECT 'missing' AS what, row_to_json(e)::text AS row FROM (SELECT * FROM expected EXCEPT SELECT * FROM kept) AS e
UNION ALL
SELECT 'too much', row_to_json(k)::text FROM (SELECT * FROM kept EXCEPT SELECT * FROM expected) AS k
"""


def earlier(number: int) -> dict[str, object]:
    position = number % 4
    return {
        "id": f"a{number}",
        "turn": str(number // 4),
        "position": position,
        "model": f"lab/m{position % 3}",
        "simulated": position == 1,
        "own_key": position == 2,
        "status": ["completed", "failed", "stopped", "interrupted", "running"][number % 5],
        "tokens": None if number % 7 == 0 else number % 6,
        "estimated": number % 3 == 0,
        "cost": None if number % 4 == 3 else str(Decimal(number).scaleb(-12)),
    }


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    with temporary_folder() as folder:
        async with EmbeddedPostgres.open(Path(folder)) as server, running_engine(server.url, pool_size=2) as engine:
            yield engine


async def test_answers_become_charges_that_are_added_up(engine: Engine):
    before = [migration for migration in known_migrations() if migration.name < "20261201"]
    after = [migration for migration in known_migrations() if migration not in before]
    await apply_migrations(engine, before)
    answers = [earlier(number) for number in range(200)]
    await engine.client.execute_raw(_FILL, json.dumps(answers))

    await apply_migrations(engine, after)

    over = [answer for answer in answers if answer["status"] != "running"]
    charges = [
        row["charge"]
        for row in await engine.client.query_raw(
            "SELECT to_jsonb(charges) || jsonb_build_object('cost', cost::text) AS charge FROM charges ORDER BY length(id), id"
        )
    ]
    assert [charge["id"] for charge in charges] == [answer["id"] for answer in over]
    for charge, answer in zip(charges, over, strict=True):
        for name in ("status", "simulated", "own_key", "estimated", "model"):
            assert charge[name] == answer[name]
        assert charge["cost"] is None if answer["cost"] is None else Decimal(charge["cost"]) == Decimal(str(answer["cost"]))
        assert (charge["user_id"], charge["session_id"], charge["run_id"]) == ("u", "s", f"run{answer['turn']}")
    assert sum(charge["first_of_run"] for charge in charges) == 50
    assert await difference(engine) == []

    # Nothing of it is added up again, and what comes later is.
    assert await engine.client.query_raw(ADD_UP) == [{"charges": 0}]
    await engine.client.execute_raw("""
INSERT INTO charges SELECT (jsonb_populate_record(charges, jsonb_build_object('id', 'new', 'transaction_id', pg_current_xact_id()::text))).*
FROM charges WHERE id = 'a1'""")
    assert await difference(engine) != []
    assert await engine.client.query_raw(ADD_UP) == [{"charges": 1}]
    assert await difference(engine) == []


async def difference(engine: Engine) -> list[dict[str, str]]:
    """What the charges come to, and `spend` doesn't say; and the other way round."""
    return await engine.client.query_raw(_DIFFERENCE.format(expected=added_up("charges"), columns=", ".join(COLUMNS)))
