"""Refresh tokens: valid once, but for a repetition a moment later."""

from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from jose import jwt

from playground.accounts.logins.repository import LEEWAY_SECONDS
from playground.accounts.logins.service import Logins
from playground.serving.server import RunningService

from ..support.client import User
from .conftest import Query, holds, log_in


def login_of(tokens: dict[str, Any]) -> str:
    login_id: str = jwt.get_unverified_claims(tokens["refreshToken"])["sid"]
    return login_id


def let_pass(query: Query, tokens: dict[str, Any], seconds: float) -> None:
    """As if all rotations of that login had been so much earlier."""
    earlier = """
    UPDATE logins SET rotated =
      (SELECT jsonb_object_agg(key, value::numeric - $2::double precision * 1000) FROM jsonb_each(rotated)) WHERE id = $1
    """
    assert query(lambda prisma: prisma.execute_raw(earlier, login_of(tokens), seconds)) == 1


async def refreshed(http: httpx.AsyncClient, tokens: dict[str, Any]) -> dict[str, Any]:
    response = await http.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
    assert response.status_code == 200, response.text
    new: dict[str, Any] = response.json()
    return new


async def refused(http: httpx.AsyncClient, tokens: dict[str, Any]) -> str:
    response = await http.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
    assert response.status_code == 401, response.text
    kind: str = response.json()["type"].rpartition(":")[2]
    return kind


async def test_a_token_repeated_within_ten_seconds_gets_the_same_successor(user: User, query: Query):
    first = await log_in(user.http, user)
    second = await refreshed(user.http, first)
    assert second["refreshToken"] != first["refreshToken"]
    let_pass(query, first, LEEWAY_SECONDS - 5)
    again = await refreshed(user.http, first)
    assert again["refreshToken"] == second["refreshToken"]
    assert await holds(user.http, again)
    assert await holds(user.http, second)
    third = await refreshed(user.http, again)
    assert third["refreshToken"] not in (first["refreshToken"], second["refreshToken"])


async def test_a_token_repeated_after_ten_seconds_ends_its_login_and_no_other(user: User, query: Query):
    first, other = await log_in(user.http, user), await log_in(user.http, user)
    second = await refreshed(user.http, first)
    let_pass(query, first, LEEWAY_SECONDS)
    assert await refused(user.http, first) == "refresh_token_used"
    assert not await holds(user.http, first)
    assert not await holds(user.http, second)
    assert await refused(user.http, second) == "not_authenticated"
    assert await holds(user.http, other)
    assert await refreshed(user.http, other)


async def test_repetitions_do_not_extend_the_ten_seconds(user: User, query: Query):
    first = await log_in(user.http, user)
    await refreshed(user.http, first)
    let_pass(query, first, LEEWAY_SECONDS - 5)
    await refreshed(user.http, first)
    let_pass(query, first, 5)
    assert await refused(user.http, first) == "refresh_token_used"


async def test_twenty_simultaneous_refreshes_with_one_token_get_one_successor(user: User):
    tokens = await log_in(user.http, user)
    answers: list[dict[str, Any]] = []

    async def refresh() -> None:
        answers.append(await refreshed(user.http, tokens))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(refresh)
    assert len({answer["refreshToken"] for answer in answers}) == 1
    assert all([await holds(user.http, answer) for answer in answers])
    assert await refreshed(user.http, answers[0])


async def test_a_token_repeated_after_its_successor_was_used_gets_the_valid_one(user: User, query: Query):
    """A slow load of a page must not put an older cookie in the place of a newer one."""
    first = await log_in(user.http, user)
    second = await refreshed(user.http, first)
    let_pass(query, first, LEEWAY_SECONDS - 5)
    third = await refreshed(user.http, second)
    assert (await refreshed(user.http, first))["refreshToken"] == third["refreshToken"]
    assert (await refreshed(user.http, second))["refreshToken"] == third["refreshToken"]
    let_pass(query, first, 5)
    # The successor was rotated later, and may still come again.
    assert (await refreshed(user.http, second))["refreshToken"] == third["refreshToken"]
    assert await refused(user.http, first) == "refresh_token_used"
    assert await refused(user.http, third) == "not_authenticated"


async def test_only_rotations_of_the_last_ten_seconds_are_stored(user: User, query: Query):
    tokens = await log_in(user.http, user)
    for _ in range(3):
        tokens = await refreshed(user.http, tokens)
        let_pass(query, tokens, LEEWAY_SECONDS)
    await refreshed(user.http, tokens)
    row = query(lambda prisma: prisma.logins.find_unique(where={"id": login_of(tokens)}))
    assert list(row.rotated) == [jwt.get_unverified_claims(tokens["refreshToken"])["jti"]]


async def test_a_token_of_an_ended_login_cannot_be_repeated(user: User):
    first = await log_in(user.http, user)
    second = await refreshed(user.http, first)
    assert (await user.http.post("/auth/logout", json={"refreshToken": second["refreshToken"]})).status_code == 204
    assert await refused(user.http, first) == "not_authenticated"


async def test_a_repetition_that_waited_for_the_database_counts_from_its_arrival(
    user: User, service: RunningService, portal: BlockingPortal, query: Query
):
    first = await log_in(user.http, user)
    await refreshed(user.http, first)
    let_pass(query, first, LEEWAY_SECONDS + 10)
    repository = service.services.get(Logins)._repository
    used = jwt.get_unverified_claims(first["refreshToken"])["jti"]
    assert portal.call(repository.successor, login_of(first), used, 15.0) is not None
    assert portal.call(repository.successor, login_of(first), used, 5.0) is None


@pytest.mark.parametrize("secret", ["refreshToken", "accessToken"])
async def test_no_token_is_in_the_database(user: User, query: Query, secret: str):
    first = await log_in(user.http, user)
    second = await refreshed(user.http, first)
    row = query(lambda prisma: prisma.query_raw("SELECT logins::text AS text FROM logins WHERE id = $1", login_of(first)))[0]["text"]
    for tokens in (first, second):
        assert tokens[secret].rpartition(".")[2] not in row
