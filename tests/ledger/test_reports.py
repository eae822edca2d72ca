"""Cost reports: exact sums over what was recorded, for whoever pays."""

import csv
import hashlib
import io
import itertools
import json
import random
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from playground.kit.ids import new_id
from playground.serving.server import RunningService

from ..support.client import User, new_user, next_event
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Sql

_WRITE = """
INSERT INTO charges (id, at, user_id, api_key_id, session_id, run_id, answer_id, source, provider, model, attempt, is_answer, status, empty,
                     input_tokens, output_tokens, estimated, simulated, own_key, cost, first_of_run, first_of_provider, first_of_model)
SELECT id, created_at, user_id, api_key_id, user_id || turn, user_id || turn, id, source, provider, model, 1, true, status::"AnswerStatus",
       false, input_tokens, output_tokens, estimated, simulated, own_key, cost,
       row_number() OVER (PARTITION BY user_id, turn ORDER BY id) = 1,
       row_number() OVER (PARTITION BY user_id, turn, provider ORDER BY id) = 1,
       row_number() OVER (PARTITION BY user_id, turn, model ORDER BY id) = 1
FROM jsonb_to_recordset($1::jsonb) AS row(
  id text, user_id text, turn int, model text, provider text, simulated boolean, own_key boolean, status text, input_tokens int,
  output_tokens int, estimated boolean, cost numeric, created_at timestamptz, api_key_id text, source text)
"""
_NOTHING = {"calls": 0, "answers": 0, "failedAnswers": 0, "inputTokens": 0, "outputTokens": 0, "estimatedAnswers": 0, "estimatedShare": 0.0}


@dataclass(kw_only=True)
class Made:
    """An answer, as it is recorded."""

    turn: int = 1
    model: str = "lab/one"
    simulated: bool = False
    own_key: bool = False
    status: str = "completed"
    input_tokens: int | None = 10
    output_tokens: int | None = 20
    estimated: bool = False
    cost: Decimal | None = Decimal("0.5")
    created_at: datetime = datetime(2026, 3, 14, 12, tzinfo=UTC)
    api_key_id: str | None = None
    source: str = "playground"

    @property
    def provider(self) -> str:
        return self.model.partition("/")[0]

    @property
    def unknown(self) -> bool:
        return self.cost is None and (self.input_tokens, self.output_tokens) != (0, 0)

    @property
    def priced(self) -> bool:
        return self.cost is not None and (self.cost != 0 or (self.input_tokens, self.output_tokens) != (0, 0))


def write(sql: Sql, user: User, answers: list[Made]) -> None:
    rows = [{"id": new_id(), "user_id": user.account["id"], "provider": each.provider, **asdict(each)} for each in answers]
    sql(_WRITE, json.dumps(rows, default=str))


async def report(user: User, **query: str) -> dict[str, Any]:
    response = await user.http.get("/reports/costs", params=query)
    assert response.status_code == 200, response.text
    return json.loads(response.text)


async def refused(user: User, **query: str) -> str:
    response = await user.http.get("/reports/costs", params=query)
    assert response.status_code == 422, response.text
    return str(response.json()["errors"][0]["field"])


# What the statement should come to, said once more and otherwise.


def figures(answers: list[Made]) -> dict[str, Any]:
    count, estimated = len(answers), sum(each.estimated for each in answers)
    unknown = sum(each.unknown for each in answers)
    known = any(each.priced for each in answers) or not unknown
    return {
        "calls": count,
        "answers": count,
        "failedAnswers": sum(each.status == "failed" for each in answers),
        "inputTokens": sum(each.input_tokens or 0 for each in answers),
        "outputTokens": sum(each.output_tokens or 0 for each in answers),
        "estimatedAnswers": estimated,
        "estimatedShare": round(estimated / count, 4) if count else 0.0,
        "cost": sum((each.cost for each in answers if each.cost is not None), Decimal(0)) if known else None,
        "unknownCosts": unknown,
    }


def cost_figures(answers: list[Made]) -> dict[str, Any]:
    own_key = [each for each in answers if each.own_key and not each.simulated]
    simulated = [each for each in answers if each.simulated]
    return {
        **figures([each for each in answers if not each.own_key and not each.simulated]),
        "requests": len({each.turn for each in answers}),
        "ownKey": figures(own_key) if own_key else None,
        "simulated": figures(simulated) if simulated else None,
    }


def subject(answer: Made, dimension: str, zone: ZoneInfo) -> dict[str, str]:
    day = answer.created_at.astimezone(zone).date()
    return {
        "hour": {"hour": answer.created_at.astimezone(zone).replace(minute=0, second=0).isoformat()},
        "day": {"day": day.isoformat()},
        "week": {"week": (day - timedelta(days=day.weekday())).isoformat()},
        "month": {"month": day.isoformat()[:7]},
        "model": {"model": answer.model, "provider": answer.provider},
        "provider": {"provider": answer.provider},
        "source": {"source": answer.source},
    }[dimension]


def with_decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: Decimal(inner) if name == "cost" and inner is not None else with_decimals(inner) for name, inner in value.items()}
    return value


def many(draw: random.Random, count: int) -> list[Made]:
    """Answers around a change of the clocks, a year's end and a month's, of every kind and with costs of every size."""
    starts = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
    costs = [None, Decimal(0), Decimal("0.000000000001"), Decimal("12345678.123456789012")]
    moments = [draw.choice(starts) + timedelta(minutes=draw.randrange(-2_880, 2_880)) for _ in range(count // 3 + 1)]
    return [
        Made(
            turn=number // 3,
            model=draw.choice(["lab/one", "lab/two", "other/one", "a/b/c", "=evil/1"]),
            simulated=draw.random() < 0.2,
            own_key=draw.random() < 0.2,
            status=draw.choice(["completed", "failed", "stopped", "interrupted"]),
            input_tokens=draw.choice([None, 0, draw.randrange(10**6)]),
            output_tokens=draw.choice([None, 0, draw.randrange(10**6)]),
            estimated=draw.random() < 0.3,
            cost=draw.choice([*costs, Decimal(draw.randrange(10**14)).scaleb(-12)]),
            created_at=moments[number // 3],
            source=["playground", "v1"][number // 3 % 2],
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
async def books(service: RunningService, sql: Sql) -> AsyncIterator[tuple[User, list[Made]]]:
    """Somebody with 3,000 answers."""
    answers = many(random.Random(7), 3_000)
    async with new_user(service.url) as user:
        write(sql, user, answers)
        yield user, answers


DIMENSIONS = ["hour", "day", "week", "month", "model", "provider", "source"]
GROUPINGS = (
    [(one,) for one in DIMENSIONS] + list(itertools.permutations(DIMENSIONS, 2))[::5] + list(itertools.permutations(DIMENSIONS, 3))[::40]
)


@pytest.mark.parametrize("group_by", GROUPINGS, ids=",".join)
async def test_sums_are_exact_in_every_grouping(books: tuple[User, list[Made]], group_by: tuple[str, ...]):
    user, answers = books
    for zone in ("UTC", "Europe/Berlin", "America/St_Johns"):
        found = await report(user, groupBy=",".join(group_by), timezone=zone)
        expected: dict[str, tuple[dict[str, str], list[Made]]] = {}
        for answer in answers:
            about = {name: value for dimension in group_by for name, value in subject(answer, dimension, ZoneInfo(zone)).items()}
            expected.setdefault(json.dumps(about, sort_keys=True), (about, []))[1].append(answer)
        rows = [with_decimals(row) for row in found["rows"]]
        wanted = [{**about, **cost_figures(of_row)} for about, of_row in expected.values()]
        assert sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True)) == sorted(
            wanted, key=lambda row: json.dumps(row, default=str, sort_keys=True)
        )
        assert with_decimals(found["total"]) == cost_figures(answers)


async def test_rows_are_ordered_by_time_and_then_by_cost(books: tuple[User, list[Made]]):
    rows = (await report(books[0], groupBy="provider,day"))["rows"]
    order = [(row["day"], -Decimal(row["cost"] or 0)) for row in rows]
    assert order == sorted(order)


async def test_the_range_begins_with_from_and_ends_before_to_in_the_zone_of_the_report(user: User, sql: Sql):
    midnight = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))
    moments = [midnight - timedelta(milliseconds=1), midnight, midnight + timedelta(days=1, milliseconds=-1), midnight + timedelta(days=1)]
    write(sql, user, [Made(turn=number, created_at=moment) for number, moment in enumerate(moments)])
    for since, until in (("2026-03-29", "2026-03-30"), ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")):
        found = await report(user, timezone="Europe/Berlin", **{"from": since, "to": until})
        assert [(row["day"], row["answers"]) for row in found["rows"]] == [("2026-03-29", 2)]
    assert (found["from"], found["to"]) == ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
    assert len((await report(user, timezone="UTC"))["rows"]) == 2


async def test_an_unknown_price_is_counted_and_never_0(user: User, sql: Sql):
    write(sql, user, [Made(cost=None), Made(turn=2, cost=None, model="lab/two"), Made(turn=3, model="lab/two")])
    rows = {row["model"]: row for row in (await report(user, groupBy="model"))["rows"]}
    assert (rows["lab/one"]["cost"], rows["lab/one"]["unknownCosts"]) == (None, 1)
    assert (rows["lab/two"]["cost"], rows["lab/two"]["unknownCosts"]) == ("0.5", 1)


async def test_the_results_of_a_run_are_in_the_report(user: User, scripted: ScriptedProvider):
    async def priced(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("One")
        await exchange.end(1_000, 500)

    async def refuses(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "No."}})

    await user.compare("Hi", [scripted.model(priced), scripted.model(refuses), "sim/quick"], maxTokens=3)
    found = await report(user)
    total = found["total"]
    assert (total["requests"], total["answers"], total["failedAnswers"], total["cost"]) == (1, 2, 1, "0.002")
    assert (total["inputTokens"], total["outputTokens"], total["unknownCosts"]) == (1_000, 500, 0)
    assert total["simulated"]["answers"] == 1
    assert total["ownKey"] is None
    assert found["rows"][0]["day"] == datetime.now(UTC).date().isoformat()


async def test_a_running_answer_is_counted_separately(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("One")
        await gate.wait()
        await exchange.end(1, 1)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        # It waits until the session is recorded, which happens beside the run.
        await user.session(session_id)
        found = await report(user)
        assert (found["runningAnswers"], found["total"]["answers"], found["rows"]) == (1, 0, [])
        gate.open()
    await user.http.get(f"/playground/sessions/{session_id}/stream")


async def test_without_answers_there_are_no_rows_and_an_empty_total(user: User):
    found = await report(user)
    assert found["rows"] == []
    assert found["total"] == {**_NOTHING, "cost": "0", "unknownCosts": 0, "requests": 0, "ownKey": None, "simulated": None}


# Who may


async def test_every_user_sees_their_own_costs(user: User, other_user: User, sql: Sql):
    write(sql, user, [Made()])
    assert (await report(user))["total"]["answers"] == 1
    assert (await report(other_user))["total"]["answers"] == 0


@pytest.mark.parametrize("query", [{"scope": "all"}, {"groupBy": "user"}, {"groupBy": "day,user"}])
async def test_only_administrators_see_others(user: User, query: dict[str, str]):
    response = await user.http.get("/reports/costs", params=query)
    assert response.status_code == 403
    assert response.json()["type"] == "urn:playground:problem:forbidden"


async def test_an_administrator_sees_all_users_and_each(administrator: User, other_user: User, sql: Sql):
    write(sql, other_user, [Made(cost=Decimal("0.25")), Made(turn=2)])
    write(sql, administrator, [Made()])
    assert (await report(administrator))["total"]["cost"] == "0.5"
    everybody = await report(administrator, scope="all", groupBy="user,month")
    rows = {row["user"]["id"]: row for row in everybody["rows"] if row["month"] == "2026-03"}
    found = rows[other_user.account["id"]]
    assert found["user"] == {name: other_user.account[name] for name in ("id", "email", "name")}
    assert (found["cost"], found["answers"]) == ("0.75", 2)
    assert Decimal(everybody["total"]["cost"]) == sum(Decimal(row["cost"]) for row in everybody["rows"] if row["cost"])


async def test_an_api_key_needs_the_scope_for_reports(user: User, sql: Sql):
    async with httpx.AsyncClient(base_url=user.http.base_url) as http:
        for scope, status in (("reports:read", 200), ("sessions:read", 403)):
            key = f"pg_{new_id()}"
            sql(
                "INSERT INTO api_keys (id, user_id, name, prefix, hash, scopes) VALUES ($1, $2, 'Reports', 'pg_', $3, ARRAY[$4])",
                new_id(),
                user.account["id"],
                hashlib.sha256(key.encode()).hexdigest(),
                scope,
            )
            response = await http.get("/reports/costs", headers={"X-API-Key": key})
            assert response.status_code == status, response.text
        assert (await http.get("/reports/costs")).status_code == 401


# What can't be asked


@pytest.mark.parametrize("group_by", ["", "minute", "day,day", "day,model,provider,source", "day,"])
async def test_unknown_dimensions_are_refused(user: User, group_by: str):
    assert (await refused(user, groupBy=group_by)).startswith("groupBy")


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../../etc/passwd", "UTC+99", "europe/berlin", "\x00"])
async def test_an_unknown_time_zone_is_refused(user: User, zone: str):
    assert await refused(user, timezone=zone) == "timezone"


async def test_an_invalid_range_is_refused(user: User):
    assert await refused(user, **{"from": "yesterday"}) == "from"
    assert await refused(user, **{"from": "2026-02-01", "to": "2026-02-01"}) == "to"
    assert await refused(user, **{"from": "0001-01-01", "timezone": "Asia/Tokyo"}) == "from"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Etc/Unknown", "UTC"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("+02:00", "Etc/GMT-2"),
        ("-05:00", "Etc/GMT+5"),
        ("UTC+0", "UTC"),
    ],
)
async def test_a_zone_as_browsers_name_it_is_known(user: User, given: str, meant: str):
    assert (await report(user, timezone=given))["timezone"] == meant


# CSV


async def test_a_file_for_people_says_that_it_is_utf_8_and_one_for_programs_is_plain(user: User):
    for path in ("/reports/costs", "/playground/sessions/export"):
        for_people = await user.http.get(path, params={"format": "csv"})
        for_programs = await user.http.get(path, headers={"Accept": "text/csv"})
        assert for_people.content == b"\xef\xbb\xbf" + for_programs.content


async def as_csv(user: User, headers: dict[str, str] | None = None, **query: str) -> list[dict[str, str]]:
    response = await user.http.get("/reports/costs", params=query, headers=headers)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="costs.csv"'
    text = response.content.decode("utf-8-sig")
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "\n" not in "".join(lines)
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_csv_has_the_same_figures(books: tuple[User, list[Made]]):
    user, _ = books
    rows = (await report(user, groupBy="day,model"))["rows"]
    lines = await as_csv(user, groupBy="day,model", format="csv")
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line["day"] == row["day"]
        assert line["model"].removeprefix("'") == row["model"]
        assert line["cost_usd"] == (row["cost"] or "")
        assert line["unknown_costs"] == str(row["unknownCosts"])
        for prefix, apart in (("own_key_", row["ownKey"]), ("simulated_", row["simulated"])):
            assert line[f"{prefix}answers"] == str(apart["answers"] if apart else 0)
            assert line[f"{prefix}cost_usd"] == ((apart or {}).get("cost") or "")


async def test_a_cell_that_a_spreadsheet_would_execute_is_made_harmless(user: User, sql: Sql):
    names = ["=cmd|'calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", 'a"b,c\nd']
    write(sql, user, [Made(turn=number, model=f"{name}/x") for number, name in enumerate(names)])
    response = await user.http.get("/reports/costs", params={"groupBy": "provider", "format": "csv"})
    cells = {row[0] for row in csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))}
    assert cells == {"provider", *(f"'{name}" for name in names[:-1]), names[-1]}


@pytest.mark.parametrize(
    ("accept", "given", "kind"),
    [
        ("text/csv", None, "text/csv"),
        ("text/csv;q=0.9, application/json;q=0.1", None, "text/csv"),
        ("application/json, text/csv", None, "application/json"),
        ("*/*", None, "application/json"),
        ("text/csv", "json", "application/json"),
        ("application/json", "csv", "text/csv"),
    ],
)
async def test_the_format_or_else_the_accept_header_decides(user: User, accept: str, given: str | None, kind: str):
    query = {} if given is None else {"format": given}
    response = await user.http.get("/reports/costs", params=query, headers={"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == kind
