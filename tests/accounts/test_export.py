"""The export of one's data."""

import io
import json
import zipfile
from datetime import UTC, datetime

import httpx

from ..support.client import PASSWORD, User, of_type
from .conftest import Query, log_in

SECRETS = ("hash-of-the-key", "ciphertext-of-the-key")


async def export(user: User) -> zipfile.ZipFile:
    response = await user.http.get("/users/me/export")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"].startswith('attachment; filename="playground-20')
    assert response.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    return archive


async def test_an_export_has_all_data_of_the_user_and_no_secret(user: User, ada: User, query: Query):
    user_id = user.account["id"]
    await log_in(user.http, user)
    first = await user.compare("What is ß \u2028 😀?", ["sim/quick", "sim/careful"], maxTokens=5)
    session_id = of_type(first, "session")[0]["sessionId"]
    assert (await user.http.post("/playground/stream", json={"prompt": "And now?", "sessionId": session_id})).status_code == 200
    await user.compare("Another", ["sim/quick"], maxTokens=5)
    await ada.compare("Not yours", ["sim/quick"], maxTokens=5)
    query(
        lambda prisma: prisma.api_keys.create(
            data={"id": f"{user_id}k", "user_id": user_id, "name": "ci", "prefix": "pg_abc", "hash": SECRETS[0], "scopes": ["stream"]}
        )
    )
    query(
        lambda prisma: prisma.provider_keys.create(data={"user_id": user_id, "provider": "groq", "ciphertext": SECRETS[1], "hint": "wxyz"})
    )
    query(
        lambda prisma: prisma.usage.upsert(
            where={"user_id": user_id},
            data={
                "create": {"user_id": user_id, "day": "2026-11-21", "month": "2026-11", "month_cost": "0.5"},
                "update": {"month_cost": "0.5"},
            },
        )
    )
    archive = await export(user)
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    documents = {name: json.loads(text) for name, text in files.items()}
    assert documents["profile.json"] == user.account
    [account] = documents["account.json"]
    assert (account["id"], account["role"], account["active"], account["limits"]) == (user_id, "user", True, {})
    assert account["lastLoginAt"] >= account["createdAt"]
    assert len(documents["logins.json"]) == 2
    assert set(documents["logins.json"][0]) == {"id", "createdAt", "lastUsedAt", "expiresAt", "revokedAt", "address", "userAgent"}
    assert datetime.fromisoformat(documents["logins.json"][0]["createdAt"]) < datetime.now(UTC)
    [key] = documents["api-keys.json"]
    assert (key["name"], key["prefix"], key["scopes"]) == ("ci", "pg_abc", ["stream"])
    [provider_key] = documents["provider-keys.json"]
    assert (provider_key["provider"], provider_key["hint"]) == ("groq", "wxyz")
    assert documents["usage.json"][0]["monthCost"] == "0.5"
    charges = documents["charges.json"]
    assert sorted(charge["model"] for charge in charges) == ["sim/careful", "sim/careful", "sim/quick", "sim/quick", "sim/quick"]
    assert {charge["sessionId"] for charge in charges} >= {session_id}
    assert all(charge["simulated"] and charge["outputTokens"] for charge in charges)
    sessions = [name for name in files if name.startswith("sessions/")]
    assert len(sessions) == 2
    whole = documents[f"sessions/{session_id}.json"]
    assert whole == await user.session(session_id)
    assert [len(turn["answers"]) for turn in whole["turns"]] == [2, 2]

    everything = "".join(files.values())
    row = query(lambda prisma: prisma.users.find_unique(where={"id": user_id}, include={"logins": True}))
    for secret in (*SECRETS, row.password_hash, *(login.refresh_id for login in row.logins), user.token, PASSWORD, "Not yours"):
        assert secret not in everything


async def test_an_export_of_many_sessions_is_read_page_by_page(user: User, query: Query):
    user_id = user.account["id"]
    # More than two pages of what one query gives.
    sql = """
INSERT INTO sessions (id, user_id, title, updated_at) SELECT $1 || lpad(number::text, 6, '0'), $1, 'Empty', now()
FROM generate_series(1, 230) AS number"""
    query(lambda prisma: prisma.execute_raw(sql, user_id))
    archive = await export(user)
    assert len([name for name in archive.namelist() if name.startswith("sessions/")]) == 230


async def test_an_export_needs_a_login(anonymous: httpx.AsyncClient):
    assert (await anonymous.get("/users/me/export")).status_code == 401
