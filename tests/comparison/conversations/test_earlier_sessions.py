"""A database that was filled before sessions could branch: each session reads as before, and can be continued."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.comparison.stored_sessions import (
    ANSWERS,
    CONTINUED,
    EARLIER_BYTES,
    SESSIONS,
    ContinuedSession,
    EarlierAnswer,
    StoredAnswer,
    StoredSession,
    decoded,
)
from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine.process import Engine, running_engine
from playground.database.migration_history import apply_migrations, known_migrations

from ...support.folders import temporary_folder

_FILL = (
    "INSERT INTO users (id, email, name, updated_at) VALUES ('u', 'u@example.org', 'User', now())",
    "INSERT INTO sessions (id, user_id, title, updated_at) VALUES ('s', 'u', 'Earlier', now()), ('empty', 'u', 'Empty', now())",
    """INSERT INTO lanes (id, session_id, position, provider, model, parameters, simulated)
       SELECT 'lane' || position, 's', position, 'lab', 'lab/m' || position, '{"seed": 1}', position = 1
       FROM generate_series(0, 1) AS position""",
    """INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, idempotency_key, request_hash, finished_at)
       SELECT 'turn' || number, 's', number, 'p' || number, 'run' || number, 'u', 'key' || number, 'hash',
              CASE WHEN number < 3 THEN now() END
       FROM generate_series(1, 3) AS number""",
    """INSERT INTO answers (id, turn_id, lane_id, status, text)
       SELECT 'a' || number || position, 'turn' || number, 'lane' || position,
              CASE WHEN number < 3 THEN 'completed' ELSE 'running' END::"AnswerStatus", CASE WHEN number < 3 THEN 't' || number ELSE '' END
       FROM generate_series(1, 3) AS number, generate_series(0, 1) AS position""",
)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    with temporary_folder() as folder:
        async with EmbeddedPostgres.open(Path(folder)) as server, running_engine(server.url, pool_size=2) as engine:
            yield engine


async def test_earlier_sessions_are_straight_conversations(engine: Engine):
    before = [migration for migration in known_migrations() if migration.name < "20261201043000"]
    await apply_migrations(engine, before)
    for statement in _FILL:
        await engine.client.execute_raw(statement)

    await apply_migrations(engine, [migration for migration in known_migrations() if migration not in before])

    [row] = await engine.client.query_raw(SESSIONS, "u", ["s", "empty"])
    sessions = {session.id: session for session in decoded(row["found"], list[StoredSession])}
    assert [(lane.position, lane.model, lane.head_id, lane.run_id) for lane in sessions["s"].lanes] == [
        (0, "lab/m0", "a30", "run3"),
        (1, "lab/m1", "a31", "run3"),
    ]
    assert (sessions["s"].branches, sessions["empty"].lanes, sessions["s"].tags) == ([], [], [])
    [row] = await engine.client.query_raw(ANSWERS, ["s"], 0, 0, -1, 0, None, 100, 100_000)
    answers = [answer.columns for answer in decoded(row["found"], list[StoredAnswer])]
    assert [(answer["id"], answer["previous_id"]) for answer in answers] == [
        ("a10", None),
        ("a11", None),
        ("a20", "a10"),
        ("a21", "a11"),
        ("a30", "a20"),
        ("a31", "a21"),
    ]
    assert {
        (answer["model"], answer["provider"], answer["simulated"], answer["version"], str(answer["parameters"])) for answer in answers
    } == {
        ("lab/m0", "lab", False, 1, "{'seed': 1}"),
        ("lab/m1", "lab", True, 1, "{'seed': 1}"),
    }
    [row] = await engine.client.query_raw(CONTINUED, "u", "s", EARLIER_BYTES, None)
    [session] = decoded(row["found"], list[ContinuedSession])
    assert session.said == [
        EarlierAnswer("a20", "lane0", 4),
        EarlierAnswer("a10", "lane0", 4),
        EarlierAnswer("a21", "lane1", 4),
        EarlierAnswer("a11", "lane1", 4),
    ]
    runs = await engine.client.query_raw(
        "SELECT id, turn_id, idempotency_key, request_hash, finished_at IS NULL AS open FROM runs ORDER BY id"
    )
    assert [tuple(run.values()) for run in runs] == [
        ("run1", "turn1", "key1", "hash", False),
        ("run2", "turn2", "key2", "hash", False),
        ("run3", "turn3", "key3", "hash", True),
    ]
