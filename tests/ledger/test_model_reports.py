"""How models did: failures, percentiles, shares and costs per call."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ..support.client import User
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Sql
from .test_reports import Made, write


async def report(user: User, **query: str) -> dict[str, Any]:
    response = await user.http.get("/reports/models", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def test_percentiles_are_exact(user: User, sql: Sql):
    write(sql, user, [Made(turn=number) for number in range(101)])
    sql(
        """
UPDATE charges SET time_to_first_token = rank * 10, tokens_per_second = 100 + rank
FROM (SELECT id AS each, row_number() OVER (ORDER BY id) - 1 AS rank FROM charges WHERE user_id = $1) AS ranks WHERE id = each""",
        user.account["id"],
    )
    [row] = (await report(user))["rows"]
    assert row["timeToFirstToken"] == {"p50": 500, "p90": 900, "p99": 990}
    assert row["tokensPerSecond"] == {"p50": 150, "p90": 110, "p99": 101}
    assert row["timePerToken"] == {"p50": 6.667, "p90": 9.091, "p99": 9.901}
    assert row["timeToFirstAnswer"] is None
    assert (row["costPerCall"], row["costPer1000OutputTokens"]) == ("0.5", "25")


async def test_ends_are_counted_by_kind(user: User, scripted: ScriptedProvider):
    def ends_with(reason: str, *texts: str) -> Any:
        async def script(exchange: Exchange) -> None:
            await exchange.begin()
            await exchange.write(*texts)
            await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
            await exchange.event({"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 500}})
            await exchange.send(b"data: [DONE]\n\n")

        return script

    async def refuses(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "No."}})

    cut, refused = scripted.model(ends_with("length", "Half")), scripted.model(refuses)
    await user.compare("Hi", [cut, refused])
    rows = {row["model"]: row for row in (await report(user))["rows"]}
    assert (rows[cut]["cutShare"], rows[cut]["failureShare"], rows[cut]["failures"]) == (1.0, 0.0, {})
    assert rows[cut]["cost"] == rows[cut]["costPerCall"] == "0.002"
    assert (rows[refused]["failures"], rows[refused]["failureShare"]) == ({"wrong_key": 1}, 1.0)
    assert rows[refused]["timeToFirstToken"] is None


async def test_an_unknown_price_is_no_price(user: User, sql: Sql):
    write(sql, user, [Made(cost=None)])
    [row] = (await report(user))["rows"]
    assert (row["cost"], row["costPerCall"], row["costPer1000OutputTokens"], row["unknownCosts"]) == (None, None, None, 1)


async def test_periods_are_those_of_the_time_zone(user: User, sql: Sql):
    write(
        sql, user, [Made(created_at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC)), Made(turn=2, created_at=datetime(2026, 3, 1, tzinfo=UTC))]
    )
    months = [row["period"] for row in (await report(user, period="month", timezone="Europe/Berlin"))["rows"]]
    assert months == ["2026-03", "2026-04"]
    later = await report(user, timezone="Europe/Berlin", **{"from": "2026-04-01"})
    assert [row["calls"] for row in later["rows"]] == [1]


@pytest.mark.parametrize(("query", "status"), [({"scope": "all"}, 403), ({"timezone": "Mars/Base"}, 422), ({"period": "hour"}, 422)])
async def test_what_is_not_allowed_or_unknown_is_refused(user: User, query: dict[str, str], status: int):
    assert (await user.http.get("/reports/models", params=query)).status_code == status
