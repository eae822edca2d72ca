"""`/admin/users`: finding, changing and removing accounts."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anyio import create_task_group
from anyio.from_thread import BlockingPortal

from playground.accounts.service import LastAdministrator
from playground.administration.users.schemas import UserChange
from playground.administration.users.service import UserAdministration
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User, next_event
from ..support.process import until
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import SetModel, Sql


@pytest.fixture(scope="module")
def crowd(accounts: Any, sql: Sql) -> list[str]:
    """Ids of nine accounts whose names hold "crowd", made in the order of their numbers."""
    made = []
    for number in range(9):
        row = {
            "id": f"crowd{number}",
            "email": None if number == 4 else f"{chr(ord('i') - number)}@crowd.example",
            "username": f"Crowd_{number}" if number == 4 else None,
            "name": f"{'aA'[number % 2]} crowd {number // 3}",
            "role": "premium" if number % 3 == 0 else "user",
            "active": number != 5,
            "created": f"2020-01-0{number + 1}T00:00:00.123Z",
            "login": None if number % 4 == 0 else f"2021-01-01T00:00:0{number // 2}Z",
        }
        sql(
            """INSERT INTO users (id, email, username, name, role, active, created_at, last_login_at, updated_at)
               VALUES ($1, $2, $3, $4, $5::"Role", $6::boolean, $7::timestamptz, $8::timestamptz, now())""",
            *row.values(),
        )
        for session in range(number % 3):
            values = f"crowd{number}-{session}", row["id"]
            sql("INSERT INTO sessions (id, user_id, title, updated_at) VALUES ($1, $2, 'x', now())", *values)
        made.append(row["id"])
    return made


async def pages(admin: User, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        response = await admin.http.get("/admin/users", params={**query, **({"cursor": cursor} if cursor else {})})
        assert response.status_code == 200, response.text
        assert len(response.json()["items"]) <= query.get("limit", 50)
        items += response.json()["items"]
        cursor = response.json()["nextCursor"]
        if cursor is None:
            return items


def numbers(items: list[dict[str, Any]]) -> list[int]:
    return [int(item["id"].removeprefix("crowd")) for item in items]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("createdAt", lambda item: item["createdAt"]),
        ("lastLoginAt", lambda item: item["lastLoginAt"] or ""),
        ("name", lambda item: item["name"].lower()),
        ("email", lambda item: item["email"] or ""),
        ("sessions", lambda item: item["sessions"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_accounts_are_sorted_and_pages_together_are_the_whole_list(
    admin: User, crowd: list[str], sort: str, value: Any, order: str
) -> None:
    for limit in (2, 9):
        items = await pages(admin, q="crowd", sort=sort, order=order, limit=limit)
        assert sorted(item["id"] for item in items) == crowd
        keys = [(value(item), item["id"]) for item in items]
        assert keys == sorted(keys, reverse=order == "desc")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "CROWD"}, list(range(9))),
        ({"q": "crowd 1"}, [3, 4, 5]),
        ({"q": "crowd_"}, [4]),
        ({"q": "I@Crowd"}, [0]),
        ({"q": "crowd", "role": "premium"}, [0, 3, 6]),
        ({"q": "crowd", "active": "false"}, [5]),
        ({"q": "crowd", "active": "true", "role": "user"}, [1, 2, 4, 7, 8]),
        ({"q": "crowd%"}, []),
    ],
    ids=str,
)
async def test_accounts_are_found_by_text_role_and_state(admin: User, crowd: list[str], query: dict[str, str], found: list[int]) -> None:
    assert numbers(await pages(admin, order="asc", **query)) == found


async def test_a_cursor_of_another_order_or_an_invalid_one_is_refused(admin: User, crowd: list[str]) -> None:
    first = (await admin.http.get("/admin/users", params={"q": "crowd", "limit": 1, "sort": "sessions"})).json()
    for query in ({"cursor": first["nextCursor"]}, {"cursor": "nonsense"}, {"cursor": "é"}, {"cursor": first["nextCursor"][:-4]}):
        response = await admin.http.get("/admin/users", params={"sort": "name", **query})
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["cursor"]


async def test_an_account_is_shown_with_its_usage_and_its_objects(admin: User, other_user: User, sql: Sql) -> None:
    user_id = other_user.account["id"]
    await other_user.compare("Hi", ["sim/quick"])
    await other_user.http.post("/auth/login", json={"email": other_user.account["email"], "password": PASSWORD})
    sql(
        """INSERT INTO logins (id, user_id, refresh_id, expires_at, revoked_at) VALUES
           ($1 || 'a', $1, 'x', now() - interval '1 minute', NULL), ($1 || 'b', $1, 'x', now() + interval '1 day', now())""",
        user_id,
    )
    sql("INSERT INTO api_keys (id, user_id, name, prefix, hash) VALUES ($1, $1, 'k', 'pg_', $1)", user_id)
    sql("INSERT INTO provider_keys (user_id, provider, ciphertext, hint, updated_at) VALUES ($1, 'groq', 'x', 'abcd', now())", user_id)
    detail = (await admin.http.get(f"/admin/users/{user_id}")).json()
    assert {name: detail[name] for name in ("id", "email", "name", "role", "active", "limits", "sessions", "bio")} == {
        "id": user_id,
        "email": other_user.account["email"],
        "name": "User",
        "role": "user",
        "active": True,
        "limits": {},
        "sessions": 1,
        "bio": "",
    }
    assert (detail["logins"], detail["apiKeys"], detail["providerKeys"]) == (2, 1, 1)


async def test_an_administrator_sees_the_same_limits_as_the_user(admin: User, other_user: User) -> None:
    path = f"/admin/users/{other_user.account['id']}"
    await admin.http.patch(path, json={"role": "premium", "limits": {"dailyRequests": 7, "monthlyBudget": "1.5"}})
    await other_user.compare("Hi", ["sim/quick"])

    async def settled() -> dict[str, Any] | None:
        usage: dict[str, Any] = (await admin.http.get(f"{path}/usage")).json()
        return usage if usage["monthlyTokens"]["reserved"] == 0 else None

    seen = await until(settled)
    assert seen == (await other_user.http.get("/users/me/usage")).json()
    assert (seen["dailyRequests"]["used"], seen["dailyRequests"]["left"], seen["monthlyBudget"]["max"]) == (1, 6, "1.5")
    assert (await admin.http.get("/admin/users/nobody/usage")).status_code == 404


async def test_usage_is_that_of_the_current_day_and_month(admin: User, other_user: User, sql: Sql) -> None:
    user_id = other_user.account["id"]

    async def usage(day: str, month: str) -> dict[str, Any]:
        sql(
            f"""INSERT INTO usage (user_id, day, month, day_requests, month_requests, month_tokens, month_cost, reserved_tokens)
                SELECT $1, {day}, {month}, 3, 20, 3000000000, 1.250000000001, 7
                ON CONFLICT (user_id) DO UPDATE SET day = excluded.day, month = excluded.month, day_requests = 3, month_requests = 20,
                  month_tokens = 3000000000, month_cost = 1.250000000001, reserved_tokens = 7""",
            user_id,
        )
        shown: dict[str, Any] = (await admin.http.get(f"/admin/users/{user_id}")).json()["usage"]
        return shown

    assert set((await admin.http.get(f"/admin/users/{user_id}")).json()["usage"].values()) == {0, "0"}
    today, this_month = "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')", "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')"
    now = await usage(today, this_month)
    assert now == {
        "dayRequests": 3,
        "monthRequests": 20,
        "monthTokens": 3_000_000_000,
        "monthCost": "1.250000000001",
        "reservedTokens": 7,
        "reservedCost": "0",
    }
    assert await usage("'2020-01-01'", this_month) == {**now, "dayRequests": 0}
    assert await usage("'2020-01-01'", "'2020-01'") == {
        **now,
        "dayRequests": 0,
        "monthRequests": 0,
        "monthTokens": 0,
        "monthCost": "0",
    }


async def test_a_role_applies_from_the_next_request_on(admin: User, other_user: User, set_model: SetModel) -> None:
    await set_model("sim/careful", tier="premium")
    body = {"prompt": "Hi", "models": ["sim/careful"]}
    assert (await other_user.http.post("/playground/estimate", json=body)).status_code == 403
    changed = await admin.http.patch(f"/admin/users/{other_user.account['id']}", json={"role": "premium"})
    assert (changed.status_code, changed.json()["role"]) == (200, "premium")
    assert (await other_user.http.post("/playground/estimate", json=body)).status_code == 200
    assert (await admin.http.patch(f"/admin/users/{other_user.account['id']}", json={"role": "user"})).json()["role"] == "user"
    assert (await other_user.http.post("/playground/estimate", json=body)).status_code == 403


async def test_limits_are_replaced_as_a_whole_and_apply_from_the_next_request_on(admin: User, other_user: User) -> None:
    path = f"/admin/users/{other_user.account['id']}"
    body = {"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 3}
    limits = {"dailyRequests": 1, "monthlyTokens": None, "requests": "1000 per 15 minutes", "monthlyBudget": "25"}
    assert (await admin.http.patch(path, json={"limits": limits})).json()["limits"] == limits
    answers = [(await other_user.http.post("/playground/stream", json=body)).status_code for _ in range(2)]
    assert answers == [200, 429]
    assert (await admin.http.get(path)).json()["usage"]["dayRequests"] == 1
    assert (await admin.http.patch(path, json={"limits": {"monthlyTokens": None}})).json()["limits"] == {"monthlyTokens": None}
    assert (await other_user.http.post("/playground/stream", json=body)).status_code == 200
    assert (await admin.http.patch(path, json={"limits": {}})).json()["limits"] == {}


async def test_locking_ends_every_login_and_unlocking_lets_log_in_again(admin: User, other_user: User) -> None:
    path = f"/admin/users/{other_user.account['id']}"
    assert (await other_user.http.get("/auth/profile")).status_code == 200
    locked = (await admin.http.patch(path, json={"active": False})).json()
    assert (locked["active"], locked["logins"]) == (False, 0)

    async def log_in() -> int:
        return (await other_user.http.post("/auth/login", json={"email": other_user.account["email"], "password": PASSWORD})).status_code

    assert (await other_user.http.get("/auth/profile")).status_code == 401
    assert (await other_user.http.post("/auth/refresh", json={"refreshToken": other_user.refresh_token})).status_code == 401
    assert await log_in() in (401, 403)
    assert (await admin.http.patch(path, json={"active": True})).json()["active"] is True
    assert (await other_user.http.get("/auth/profile")).status_code == 401
    assert await log_in() == 200


async def test_renaming_an_account_keeps_all_other_fields(admin: User, other_user: User) -> None:
    changed = (await admin.http.patch(f"/admin/users/{other_user.account['id']}", json={"name": "Grace\u0000"})).json()
    assert (changed["name"], changed["role"], changed["active"]) == ("Grace\ufffd", "user", True)
    assert (await other_user.http.get("/auth/profile")).json()["name"] == "Grace\ufffd"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"role": "king"}, "role"),
        ({"active": "maybe"}, "active"),
        ({"limits": {"dailyRequests": -1}}, "limits.dailyRequests"),
        ({"limits": {"daily": 1}}, "limits.daily"),
        ({"email": "x"}, "email"),
    ],
    ids=str,
)
async def test_an_invalid_change_names_its_field(admin: User, user: User, change: dict[str, Any], field: str) -> None:
    response = await admin.http.patch(f"/admin/users/{user.account['id']}", json=change)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_deleting_an_account_deletes_all_of_it_and_stops_its_runs(
    admin: User, other_user: User, sql: Sql, scripted: ScriptedProvider
) -> None:
    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.until_client_leaves()

    user_id = other_user.account["id"]
    await other_user.compare("Hi", ["sim/quick"])
    async with other_user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        await next_event(events, "chunk")
        assert (await admin.http.delete(f"/admin/users/{user_id}")).status_code == 204
        await next_event(events, "status", status="stopped")
        await next_event(events, "done")
    assert (await other_user.http.get("/auth/profile")).status_code == 401
    for response in (await admin.http.get(f"/admin/users/{user_id}"), await admin.http.delete(f"/admin/users/{user_id}")):
        assert response.status_code == 404
    assert sql("SELECT id FROM sessions WHERE user_id = $1 UNION SELECT id FROM logins WHERE user_id = $1", user_id) == []
    assert (await admin.http.patch(f"/admin/users/{user_id}", json={"role": "admin"})).status_code == 404


def assert_last(response: httpx.Response) -> None:
    assert response.status_code == 409
    assert response.json()["type"] == "urn:playground:problem:last_administrator"


async def test_the_last_active_administrator_stays(admin: User, other_user: User, sql: Sql) -> None:
    path = f"/admin/users/{admin.account['id']}"
    # A locked one does not count.
    sql("UPDATE users SET role = 'admin', active = false WHERE id = $1", other_user.account["id"])
    assert_last(await admin.http.patch(path, json={"role": "premium"}))
    assert_last(await admin.http.patch(path, json={"role": "user", "name": "Nobody"}))
    assert_last(await admin.http.patch(path, json={"active": False}))
    assert_last(await admin.http.delete(path))
    detail = (await admin.http.get(path)).json()
    assert (detail["role"], detail["active"], detail["name"]) == ("admin", True, "Admin")
    assert (await admin.http.patch(path, json={"role": "admin", "active": True, "name": "Admin"})).status_code == 200
    sql("DELETE FROM users WHERE id = $1", other_user.account["id"])


@pytest.fixture
def three_administrators(admin: User, sql: Sql) -> Iterator[list[str]]:
    """The ids of the only ones that there are for the time of a test."""
    ids = [f"administrator{number}" for number in range(3)]
    for each in ids:
        sql("INSERT INTO users (id, name, role, password_hash, updated_at) VALUES ($1, $1, 'admin', 'x', now())", each)
    sql("UPDATE users SET role = 'user' WHERE id = $1", admin.account["id"])
    yield ids
    sql("UPDATE users SET role = 'admin' WHERE id = $1", admin.account["id"])
    sql("DELETE FROM users WHERE id = ANY($1::text[])", ids)


@pytest.mark.parametrize("change", [UserChange(role="user"), UserChange(active=False), None], ids=["demote", "lock", "delete"])
async def test_of_administrators_who_remove_each_other_simultaneously_one_stays(
    three_administrators: list[str], service: RunningService, portal: BlockingPortal, sql: Sql, change: UserChange | None
) -> None:
    users = service.services.get(UserAdministration)
    refused: list[str] = []

    async def remove(target: str, actor: str) -> None:
        try:
            if change is None:
                await users.delete(target, actor_id=actor)
            else:
                await users.change(target, change, actor_id=actor)
        except LastAdministrator:
            refused.append(target)

    async def all_at_once() -> None:
        async with create_task_group() as tasks:
            for target, actor in zip(three_administrators, reversed(three_administrators), strict=True):
                tasks.start_soon(remove, target, actor)

    portal.call(all_at_once)
    assert len(refused) == 1
    assert sql("SELECT id FROM users WHERE role = 'admin' AND active") == [{"id": refused[0]}]


async def test_an_administrator_can_step_down_if_there_is_another(admin: User, other_user: User) -> None:
    path = f"/admin/users/{other_user.account['id']}"
    assert (await admin.http.patch(path, json={"role": "admin"})).status_code == 200
    assert (await other_user.http.get("/admin/users")).status_code == 200
    assert (await other_user.http.patch(path, json={"role": "user"})).json()["role"] == "user"
    assert (await other_user.http.get("/admin/users")).status_code == 403
