"""Deleting an account, with everything in it."""

from pathlib import Path

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.server import RunningService
from tests.support.client import PASSWORD, User, next_event
from tests.support.process import until
from tests.support.scripted import Exchange, Gate, ScriptedProvider

from .conftest import Query, holds, log_in, refreshes

OWNED = ("sessions", "logins", "password_resets", "api_keys", "provider_keys", "usage", "reservations")


async def delete(user: User, password: str = PASSWORD) -> httpx.Response:
    return await user.http.request("DELETE", "/users/me", json={"password": password})


async def test_an_account_goes_with_everything_in_it_once_the_password_is_given_again(user: User, query: Query):
    user_id, phone = user.account["id"], await log_in(user.http, user)
    await user.compare("Remember me", ["sim/quick"], maxTokens=3)
    query(
        lambda prisma: prisma.api_keys.create(
            data={"id": f"{user_id}k", "user_id": user_id, "name": "n", "prefix": "pg_", "hash": user_id, "scopes": ["stream"]}
        )
    )
    refused = await delete(user, "not the password")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:playground:problem:wrong_password")
    assert refused.json()["errors"][0]["field"] == "password"
    assert await holds(user.http, phone)

    assert (await delete(user)).status_code == 204
    assert query(lambda prisma: prisma.users.count(where={"id": user_id})) == 0
    for table in OWNED:
        assert query(lambda prisma, table=table: getattr(prisma, table).count(where={"user_id": user_id})) == 0, table
    for tokens in (phone, {"accessToken": user.token, "refreshToken": user.refresh_token}):
        assert not await holds(user.http, tokens)
        assert not await refreshes(user.http, tokens)
    assert (await user.http.post("/auth/login", json={"email": user.account["email"], "password": PASSWORD})).status_code == 401
    [event] = query(lambda prisma: prisma.audit_events.find_many(where={"target_id": user_id, "action": "user.deleted"}))
    assert (event.actor_id, event.actor, event.address) == (user_id, user.account["email"], "127.0.0.1")
    # The address is free again.
    body = {"email": user.account["email"], "password": PASSWORD, "name": "Again"}
    assert (await user.http.post("/auth/register", json=body)).status_code == 201


@pytest.mark.parametrize("where", ["here", "in another process"])
async def test_what_is_running_stops_and_leaves_nothing_behind(
    user: User, service: RunningService, scripted: ScriptedProvider, query: Query, where: str
):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("deleted soon")
        await gate.wait()

    journal = Path(service.services.settings.data_dir) / "journal"

    def journalled() -> bool:
        return any("deleted soon" in path.read_text() for path in journal.glob("*/*.jsonl"))

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        await next_event(events, "chunk")
        if where == "here":
            assert (await delete(user)).status_code == 204
        else:
            # As if another process deleted it: this one learns of it when it records the end.
            query(lambda prisma: prisma.users.delete_many(where={"id": user.account["id"]}))
            gate.open()
        status = await next_event(events, "status")
        assert status.data["status"] in ("stopped", "failed")
        await next_event(events, "done")

    async def gone() -> bool:
        return not journalled()

    await until(gone)
    gate.open()


async def test_the_last_administrator_stays_while_there_are_others(
    user: User, other_user: User, portal: BlockingPortal, service: RunningService, query: Query
):
    before = query(lambda prisma: prisma.users.find_many(where={"role": "admin"}))
    query(lambda prisma: prisma.users.update_many(where={"role": "admin"}, data={"role": "user"}))
    query(lambda prisma: prisma.users.update(where={"id": user.account["id"]}, data={"role": "admin"}))
    try:
        refused = await delete(user)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:playground:problem:last_administrator")
        query(lambda prisma: prisma.users.update(where={"id": other_user.account["id"]}, data={"role": "admin"}))
        assert (await delete(user)).status_code == 204
        assert (await delete(other_user)).status_code == 409
    finally:
        query(lambda prisma: prisma.users.delete_many(where={"id": other_user.account["id"]}))
        query(lambda prisma: prisma.users.update_many(where={"id": {"in": [row.id for row in before]}}, data={"role": "admin"}))
