"""Deleting an account, with everything in it."""

from pathlib import Path

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.accounts.last_administrator import NoOtherAdministrator, administrator_stays
from playground.database.transactions import Transaction, in_transaction
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User, next_event
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Query, holds, log_in, refreshes

KEPT = ("audit_events", "charges")
"""What happened stays known, as docs/security.md says."""


def mentioned_in(query: Query, *words: str) -> set[str]:
    """The tables that have a row in which one of `words` stands, in any column; new tables are looked through as well."""
    tables = query(lambda prisma: prisma.query_raw("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
    patterns = [f"%{word}%" for word in words]
    return {
        table
        for table in (row["tablename"] for row in tables)
        if query(
            lambda prisma, table=table: prisma.query_raw(
                f'SELECT count(*) AS rows FROM "{table}" AS looked_at WHERE looked_at::text LIKE ANY($1::text[])',  # noqa: S608 - the database named it
                patterns,
            )
        )[0]["rows"]
    }


async def delete(user: User, password: str = PASSWORD) -> httpx.Response:
    return await user.http.request("DELETE", "/users/me", json={"password": password})


async def test_an_account_is_deleted_with_everything_in_it_after_confirming_the_password(user: User, query: Query):
    user_id, email, phone = user.account["id"], user.account["email"], await log_in(user.http, user)
    prompt = f"Remember {user_id}"
    await user.compare(prompt, ["sim/quick"], maxTokens=3)
    assert (await user.http.post("/users/me/api-keys", json={"name": "Key"})).status_code == 201
    assert (await user.http.put("/users/me/provider-keys/groq", json={"key": "made-up-for-this-test"})).status_code == 200
    await user.http.post("/auth/forgot-password", json={"email": email})

    owned = {"users", "sessions", "turns", "logins", "password_resets", "api_keys", "provider_keys", "usage"}

    async def there() -> bool:
        return owned <= mentioned_in(query, user_id, email)

    await until(there)
    refused = await delete(user, "not the password")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:playground:problem:wrong_password")
    assert refused.json()["errors"][0]["field"] == "password"
    assert await holds(user.http, phone)

    assert (await delete(user)).status_code == 204
    assert mentioned_in(query, user_id, email) <= set(KEPT)
    assert mentioned_in(query, email) == {"audit_events"}
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
async def test_running_turns_are_stopped_and_leave_nothing_behind(
    user: User, service: RunningService, scripted: ScriptedProvider, query: Query, where: str
):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("deleted soon")
        await gate.wait()

    journal = Path(service.settings.data_dir) / "journal"

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


class RolledBack(Exception):
    """Undoes what a test did to all accounts."""


@pytest.mark.parametrize(
    "change", ["DELETE FROM users WHERE id = $1", "UPDATE users SET role = 'user' WHERE id = $1"], ids=["delete", "demote"]
)
async def test_the_only_account_can_be_deleted_but_not_demoted(user: User, portal: BlockingPortal, service: RunningService, change: str):
    user_id = user.account["id"]

    async def alone(transaction: Transaction) -> None:
        await transaction.execute_raw("DELETE FROM users WHERE id <> $1", user_id)
        await transaction.execute_raw("UPDATE users SET role = 'admin' WHERE id = $1", user_id)
        async with administrator_stays(transaction, user_id):
            await transaction.execute_raw(change, user_id)
        raise RolledBack

    with pytest.raises(RolledBack if change.startswith("DELETE") else NoOtherAdministrator):
        portal.call(in_transaction, service.database, alone)
