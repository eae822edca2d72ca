"""What the Prisma client does through our engine, which is not the one that it was written for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import anyio
import pytest

from playground.database.client import Database
from playground.database.generated import Json, Prisma
from playground.database.generated.errors import (
    DataError,
    ForeignKeyViolationError,
    RawQueryError,
    RecordNotFoundError,
    TableNotFoundError,
    TransactionExpiredError,
    UniqueViolationError,
)
from playground.kit.ids import new_id


async def new_user(client: Prisma, **fields: object) -> str:
    user_id = new_id()
    await client.users.create(data={"id": user_id, "name": "somebody", **fields})
    return user_id


async def test_raw_queries_give_typed_values(database: Database) -> None:
    query = r"""
        SELECT 1::int2 AS small, 9007199254740993::int8 AS big, 0.1::float8 AS double, 1.5::float4 AS single,
            12345678901234567890.123456789012::numeric AS money, true AS yes, NULL::text AS nothing, 'a' AS text, 'a'::name AS name,
            '{"$type": "x", "n": [1.5, null]}'::jsonb AS json, 'null'::jsonb AS json_null, ARRAY['a', NULL, 'c'] AS texts,
            ARRAY[9007199254740993]::int8[] AS bigs, ARRAY[1.10]::numeric[] AS moneys, '{}'::text[] AS none, '\xdeadbeef'::bytea AS bytes,
            '2026-11-21 08:00:00.123+05:30'::timestamptz AS moment, '2026-11-21'::date AS day, 'user'::"Role" AS role
    """

    [row] = await database.run(lambda client: client.query_raw(query))

    assert row == {
        "small": 1,
        "big": 9007199254740993,
        "double": 0.1,
        "single": 1.5,
        "money": Decimal("12345678901234567890.123456789012"),
        "yes": True,
        "nothing": None,
        "text": "a",
        "name": "a",
        "json": {"$type": "x", "n": [1.5, None]},
        "json_null": None,
        "texts": ["a", None, "c"],
        "bigs": [9007199254740993],
        "moneys": [Decimal("1.1")],
        "none": [],
        "bytes": "3q2+7w==",
        "moment": "2026-11-21T02:30:00.123+00:00",
        "day": "2026-11-21",
        "role": "user",
    }
    assert isinstance(row["money"], Decimal)


async def test_raw_queries_take_typed_parameters(database: Database) -> None:
    moment = datetime(2026, 11, 21, 8, 0, 0, 123000, tzinfo=UTC)
    query = """
        SELECT $1::int8 = 9007199254740993 AS big, $2::numeric = 0.000000000001 AS money,
            $3::timestamptz = '2026-11-21T08:00:00.123Z' AS moment,
            $4::jsonb = '{"a": [1]}' AS json, $5::text[] = ARRAY['a', 'b'] AS texts, $6::bool AS yes, $7::text IS NULL AS nothing
    """

    [row] = await database.run(
        lambda client: client.query_raw(
            query, 9007199254740993, Decimal("0.000000000001"), moment, Json({"a": [1]}), ["a", "b"], True, None
        )
    )

    assert row == dict.fromkeys(("big", "money", "moment", "json", "texts", "yes", "nothing"), True)


async def test_execute_raw_returns_the_number_of_changed_rows(database: Database) -> None:
    async def operation(client: Prisma) -> int:
        users = [await new_user(client) for _ in range(3)]
        return await client.execute_raw("UPDATE users SET name = 'renamed' WHERE id = ANY($1::text[])", users)

    assert await database.run(operation) == 3


async def test_nested_writes_money_json_enums_and_times_come_back(database: Database) -> None:
    parameters = {"temperature": 0.7, "stop": ["a\u2028"], "nothing": None, "$type": "x"}
    moment = datetime(2026, 11, 21, 8, 0, 0, 123000, tzinfo=UTC)
    turn_id, lane_id, session_id, run_id = new_id(), new_id(), new_id(), new_id()

    async def operation(client: Prisma) -> None:
        user_id = await new_user(client, role="admin")
        await client.sessions.create(
            data={
                "id": session_id,
                "user_id": user_id,
                "title": "t",
                "lanes": {
                    "create": [
                        {"id": lane_id, "position": 0, "sort_order": 0, "provider": "sim", "model": "x", "parameters": Json(parameters)}
                    ]
                },
                "turns": {
                    "create": [{"id": turn_id, "number": 1, "prompt": "p", "run_id": run_id, "user_id": user_id, "finished_at": moment}]
                },
            }
        )
        await client.runs.create(data={"id": run_id, "session_id": session_id, "turn_id": turn_id, "user_id": user_id})
        await client.answers.create(
            data={
                "id": new_id(),
                "turn_id": turn_id,
                "lane_id": lane_id,
                "run_id": run_id,
                "provider": "sim",
                "model": "x",
                "status": "failed",
                "cost": Decimal("0.000000000001"),
            }
        )

    await database.run(operation)
    turn = await database.run(
        lambda client: client.turns.find_unique_or_raise(
            where={"id": turn_id}, include={"answers": {"include": {"lane": True}}, "session": {"include": {"user": True}}}
        )
    )

    assert turn.finished_at == moment
    assert turn.answers is not None
    [answer] = turn.answers
    assert answer.cost == Decimal("0.000000000001")
    assert answer.status == "failed"
    assert answer.lane is not None
    assert answer.lane.parameters == parameters
    assert turn.session is not None
    assert turn.session.user is not None
    assert turn.session.user.role == "admin"


async def test_times_are_right_whatever_zone_the_server_is_set_to(database: Database) -> None:
    await database.run(lambda client: client.execute_raw("ALTER ROLE postgres SET timezone = 'Asia/Kolkata'"))
    moment = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    async def operation(client: Prisma) -> tuple[datetime, str]:
        user_id = await new_user(client, created_at=moment)
        user = await client.users.find_unique_or_raise(where={"id": user_id})
        [row] = await client.query_raw("SELECT to_char(created_at AT TIME ZONE 'UTC', 'HH24:MI') AS hour FROM users WHERE id = $1", user_id)
        return user.created_at, row["hour"]

    assert await database.run(operation) == (moment, "08:00")


async def test_lists_filters_counts_and_groups_work(database: Database) -> None:
    name = new_id()

    async def operation(client: Prisma) -> tuple[list[str], int, list[object]]:
        for email in ("b@x", "a@x", "c@y"):
            await new_user(client, name=name, email=f"{name}{email}")
        found = await client.users.find_many(
            where={"name": name, "OR": [{"email": {"endswith": "a@x"}}, {"email": {"contains": "B@X", "mode": "insensitive"}}]},
            order={"email": "asc"},
            take=2,
        )
        groups = await client.users.group_by(by=["role"], where={"name": name}, count=True)
        return [str(user.email)[-3:] for user in found], await client.users.count(where={"name": name}), [dict(group) for group in groups]

    assert await database.run(operation) == (["a@x", "b@x"], 3, [{"role": "user", "_count": {"_all": 3}}])


async def test_a_batch_is_all_or_nothing(database: Database) -> None:
    first, second = new_id(), new_id()

    async def operation(client: Prisma, *user_ids: str) -> None:
        async with client.batch_() as batch:
            for user_id in user_ids:
                batch.users.create(data={"id": user_id, "name": "in a batch"})
            batch.execute_raw("UPDATE users SET name = 'batched' WHERE id = $1", user_ids[0])

    with pytest.raises(UniqueViolationError):
        await database.run(lambda client: operation(client, first, first))
    assert await database.run(lambda client: client.users.find_unique(where={"id": first})) is None

    await database.run(lambda client: operation(client, first, second))
    found = await database.run(lambda client: client.users.find_many(where={"id": {"in": [first, second]}}, order={"id": "asc"}))
    assert sorted(user.name for user in found) == ["batched", "in a batch"]


async def test_a_transaction_is_seen_when_it_is_committed_and_not_before(database: Database) -> None:
    user_id = new_id()

    async def operation(client: Prisma) -> tuple[object, object]:
        async with client.tx() as transaction:
            await transaction.users.create(data={"id": user_id, "name": "in a transaction"})
            async with transaction.batch_() as batch:
                batch.users.update(where={"id": user_id}, data={"name": "in a batch in a transaction"})
            before = await client.users.find_unique(where={"id": user_id})
        return before, await client.users.find_unique_or_raise(where={"id": user_id})

    before, after = await database.run(operation)

    assert before is None
    assert after.name == "in a batch in a transaction"


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    user_id = new_id()

    async def operation(client: Prisma) -> None:
        async with client.tx() as transaction:
            await transaction.users.create(data={"id": user_id, "name": "in a transaction"})
            raise LookupError

    with pytest.raises(LookupError):
        await database.run(operation)

    assert await database.run(lambda client: client.users.find_unique(where={"id": user_id})) is None


async def test_a_timed_out_transaction_fails_and_leaves_nothing(database: Database) -> None:
    user_id = new_id()

    async def operation(client: Prisma) -> None:
        async with client.tx(timeout=timedelta(milliseconds=50)) as transaction:
            await transaction.users.create(data={"id": user_id, "name": "too slow"})
            await transaction.query_raw("SELECT 1 FROM pg_sleep(0.2)")
            await transaction.query_raw("SELECT 1")

    with pytest.raises(TransactionExpiredError):
        await database.run(operation)

    assert await database.run(lambda client: client.users.find_unique(where={"id": user_id})) is None


async def test_a_transaction_fails_at_whatever_moment_its_time_is_up(database: Database) -> None:
    async def operation(client: Prisma, milliseconds: int) -> None:
        async with client.tx(timeout=timedelta(milliseconds=milliseconds)) as transaction:
            while True:  # A statement comes in every state that the engine is in while it ends the transaction.
                await transaction.query_raw("SELECT 1")

    for milliseconds in [*range(1, 13)] * 4:
        with pytest.raises(TransactionExpiredError):
            await database.run(partial(operation, milliseconds=milliseconds))


async def test_a_finished_transaction_cannot_be_used_and_the_engine_survives_the_attempt(database: Database) -> None:
    async def operation(client: Prisma) -> None:
        async with client.tx() as transaction:
            await transaction.users.count()
        await transaction.users.count()

    engine = database._engine
    with pytest.raises(TransactionExpiredError):
        await database.run(operation)

    await database.run(lambda client: client.users.count())
    assert database._engine is engine


async def test_genuine_errors_come_out_as_the_clients_own_types_and_at_once(database: Database) -> None:
    user_id = await database.run(new_user)
    attempts = 0

    async def twice(client: Prisma) -> None:
        nonlocal attempts
        attempts += 1
        await client.users.create(data={"id": user_id, "name": "again"})

    with pytest.raises(UniqueViolationError):
        await database.run(twice)
    assert attempts == 1
    with pytest.raises(RecordNotFoundError):
        await database.run(lambda client: client.users.find_unique_or_raise(where={"id": "nobody"}))
    with pytest.raises(ForeignKeyViolationError):
        await database.run(lambda client: client.sessions.create(data={"id": new_id(), "user_id": "nobody", "title": ""}))
    with pytest.raises(RawQueryError, match="invalid input syntax for type integer"):
        await database.run(lambda client: client.query_raw("SELECT $1::int", "one"))
    with pytest.raises((RawQueryError, TableNotFoundError)):
        await database.run(lambda client: client.query_raw("SELECT * FROM nowhere"))
    with pytest.raises(DataError):
        await database.run(lambda client: client.users.find_many(where={"nothing": 1}))


async def test_more_operations_than_connections_at_once_all_get_their_turn(database: Database) -> None:
    answers: list[int] = []

    async def operation(client: Prisma, number: int) -> int:
        async with client.tx(max_wait=timedelta(seconds=10)) as transaction:
            await transaction.users.count()
            [row] = await transaction.query_raw("SELECT $1::int AS number", number)
        return int(row["number"])

    async def one(number: int) -> None:
        answers.append(await database.run(lambda client: operation(client, number)))

    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(one, number)

    assert sorted(answers) == list(range(200))
