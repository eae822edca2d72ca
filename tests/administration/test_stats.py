"""`/admin/stats`: its numbers are those of the records."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from ..support.client import User, of_type
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Sql

MONEY = ("cost", "ownKeyCost", "simulatedCost")


class Written(NamedTuple):
    """One answer of a made-up past, in a turn and a session of its own."""

    at: str
    user: int
    provider: str
    status: str
    code: str | None
    tokens: tuple[int, int] | None
    cost: str | None
    simulated: bool = False
    own_key: bool = False


# 2001-01-01 was a Monday.
PAST = (
    Written("2001-01-01T00:00:00Z", 0, "groq", "completed", None, (10, 20), "0.000000000001"),
    Written("2001-01-01T00:59:59.999Z", 0, "groq", "completed", None, (1, 2), "1.5"),
    Written("2001-01-01T01:00:00Z", 1, "openai", "failed", "rate_limited", (0, 0), "0"),
    Written("2001-01-01T23:59:59.999Z", 1, "openai", "failed", "timed_out", (5, 0), None),
    Written("2001-01-03T12:00:00Z", 0, "sim", "completed", None, (100, 200), "0.25", simulated=True),
    Written("2001-01-07T23:59:59.999Z", 0, "groq", "running", None, None, None),
    Written("2001-01-08T00:00:00Z", 0, "groq", "stopped", None, (3, 4), "0.5", own_key=True),
    Written("2001-01-31T23:59:59Z", 2, "groq", "failed", "rate_limited", (1, 1), "0.125"),
    Written("2001-02-01T00:00:00Z", 2, "sim", "interrupted", None, (7, 7), "0.5", simulated=True),
)


@pytest.fixture(scope="module")
def past(accounts: Any, sql: Sql) -> None:
    for number in range(3):
        sql(
            "INSERT INTO users (id, name, created_at, updated_at) VALUES ($1, $1, $2::timestamptz, now())",
            f"past{number}",
            f"2001-01-0{number + 1}T08:00:00Z",
        )
    for number, answer in enumerate(PAST):
        key, user = f"past-{number}", f"past{answer.user}"
        sql(
            "INSERT INTO sessions (id, user_id, title, created_at, updated_at) VALUES ($1, $2, 'x', $3::timestamptz, now())",
            key,
            user,
            answer.at,
        )
        sql(
            """INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated)
               VALUES ($1, $1, 0, 0, $2, 'x', '{}', $3::bool)""",
            key,
            answer.provider,
            answer.simulated,
        )
        sql(
            """INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, created_at)
               VALUES ($1, $1, 1, 'x', $1, $2, $3::timestamptz)""",
            key,
            user,
            answer.at,
        )
        sql(
            "INSERT INTO runs (id, session_id, turn_id, user_id) VALUES ($1, $1, $1, $2)",
            key,
            user,
        )
        sql(
            """INSERT INTO answers (id, turn_id, lane_id, run_id, status, error_code, input_tokens, output_tokens, cost, own_key,
                                    created_at, provider, model, simulated)
               VALUES ($1, $1, $1, $1, $2::"AnswerStatus", $3, $4::int, $5::int, $6::numeric, $7::bool,
                       $8::timestamptz, $9, 'x', $10::bool)""",
            key,
            answer.status,
            answer.code,
            *(answer.tokens or (None, None)),
            answer.cost,
            answer.own_key,
            answer.at,
            answer.provider,
            answer.simulated,
        )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def expected(since: datetime, until: datetime) -> dict[str, Any]:
    """The figures of a stretch of time, added up one by one."""
    answers = [answer for answer in PAST if since <= moment(answer.at) < until]

    def dollars(chosen: list[Written]) -> Decimal:
        return sum((Decimal(answer.cost) for answer in chosen if answer.cost is not None), Decimal(0))

    return {
        "newUsers": sum(since <= datetime(2001, 1, day, 8, tzinfo=UTC) < until for day in (1, 2, 3)),
        "activeUsers": len({answer.user for answer in answers}),
        "sessions": len(answers),
        "turns": len(answers),
        "answers": len(answers),
        "inputTokens": sum(answer.tokens[0] for answer in answers if answer.tokens),
        "outputTokens": sum(answer.tokens[1] for answer in answers if answer.tokens),
        "simulatedTokens": sum(sum(answer.tokens) for answer in answers if answer.tokens and answer.simulated),
        "cost": dollars([answer for answer in answers if not answer.simulated and not answer.own_key]),
        "ownKeyCost": dollars([answer for answer in answers if not answer.simulated and answer.own_key]),
        "simulatedCost": dollars([answer for answer in answers if answer.simulated]),
        "unknownCosts": sum(answer.cost is None and answer.status != "running" for answer in answers),
        "errors": sum(answer.status == "failed" for answer in answers),
    }


def figures(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(value) if name in MONEY else value for name, value in shown.items() if name != "start"}


async def stats(admin: User, **query: Any) -> dict[str, Any]:
    response = await admin.http.get("/admin/stats", params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def steps(first: str, bucket: str, until: str) -> list[datetime]:
    """The start of each bucket."""
    starts = [moment(first)]
    while True:
        last = starts[-1]
        following = {
            "hour": last + timedelta(hours=1),
            "day": last + timedelta(days=1),
            "week": last + timedelta(days=7),
            "month": (last + timedelta(days=31)).replace(day=1),
        }[bucket]
        if following >= moment(until):
            return starts
        starts.append(following)


@pytest.mark.parametrize(
    ("bucket", "since", "until", "first"),
    [
        ("hour", "2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("hour", "2001-01-01T00:30:00Z", "2001-01-01T01:30:00Z", "2001-01-01T00:00:00Z"),
        ("day", "2001-01-01T00:00:00Z", "2001-02-02T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("day", "2001-01-01T00:00:00.001Z", "2001-01-08T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("week", "2001-01-03T00:00:00Z", "2001-02-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("month", "2001-01-01T00:00:00Z", "2001-02-01T00:00:00.001Z", "2001-01-01T00:00:00Z"),
        ("month", "2000-11-15T00:00:00Z", "2001-03-31T00:00:00Z", "2000-11-01T00:00:00Z"),
    ],
)
async def test_totals_and_every_bucket_are_the_sums_of_the_records(
    admin: User, past: None, bucket: str, since: str, until: str, first: str
) -> None:
    shown = await stats(admin, **{"from": since, "to": until, "bucket": bucket})
    assert (moment(shown["from"]), moment(shown["to"]), shown["bucket"]) == (moment(since), moment(until), bucket)
    assert figures(shown["totals"]) == expected(moment(since), moment(until))
    starts = steps(first, bucket, until)
    assert [moment(step["start"]) for step in shown["series"]] == starts
    for step, start, end in zip(shown["series"], starts, [*starts[1:], moment(until)], strict=True):
        assert figures(step) == expected(max(start, moment(since)), end), start


async def test_errors_are_counted_by_code_and_by_provider(admin: User, past: None) -> None:
    shown = await stats(admin, **{"from": "2001-01-01", "to": "2001-02-02"})
    assert shown["errorsByCode"] == [{"code": "rate_limited", "errors": 2}, {"code": "timed_out", "errors": 1}]
    assert shown["errorsByProvider"] == [
        {"provider": "openai", "answers": 2, "errors": 2},
        {"provider": "groq", "answers": 5, "errors": 1},
        {"provider": "sim", "answers": 2, "errors": 0},
    ]


async def test_without_activity_all_numbers_are_zero(admin: User, past: None) -> None:
    shown = await stats(admin, **{"from": "1990-01-01", "to": "1990-01-03T12:00:00Z"})
    assert [step["start"] for step in shown["series"]] == [f"1990-01-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    assert shown["users"] == 0
    assert shown["errorsByCode"] == shown["errorsByProvider"] == []
    for each in (shown["totals"], *shown["series"]):
        assert set(figures(each).values()) == {0}


async def test_by_default_the_last_thirty_days_are_shown_up_to_now(admin: User, user: User, scripted: ScriptedProvider) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.end(1_000_000, 500_000)

    async def fails(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "no"}})

    before = await stats(admin)
    models = [scripted.model(answers), scripted.model(answers, priced=False), scripted.model(fails), "sim/quick"]
    metrics = of_type(await user.compare("Hi", models), "metrics")
    after = await stats(admin)
    grown = Counter(figures(after["totals"]))
    grown.subtract(figures(before["totals"]))
    simulated = next(each for each in metrics if each["simulated"])
    assert {name: value for name, value in grown.items() if name not in ("newUsers", "activeUsers")} == {
        "sessions": 1,
        "turns": 1,
        "answers": 4,
        "inputTokens": sum(each["inputTokens"] for each in metrics),
        "outputTokens": sum(each["outputTokens"] for each in metrics),
        "simulatedTokens": simulated["tokensUsed"],
        "cost": Decimal(2),
        "ownKeyCost": 0,
        "simulatedCost": Decimal(simulated["cost"]),
        "unknownCosts": 1,
        "errors": 1,
    }
    assert after["users"] >= 3
    assert 30 <= len(after["series"]) <= 31


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"from": "2026-01-01", "to": "2026-01-01"}, "to"),
        ({"from": "1969-12-31"}, "from"),
        ({"from": "2026-01-01", "to": "2026-06-01", "bucket": "hour"}, "bucket"),
        ({"bucket": "year"}, "bucket"),
        ({"from": "yesterday"}, "from"),
        ({"to": "0001-01-01"}, "to"),
    ],
    ids=str,
)
async def test_an_invalid_parameter_is_named(admin: User, query: dict[str, str], field: str) -> None:
    response = await admin.http.get("/admin/stats", params=query)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
