"""Nobody but a logged-in administrator gets anything from `/admin`."""

import hashlib

import httpx
import pytest

from ..support.client import User
from ..support.openapi import document
from .conftest import Sql

OPERATIONS = [(method.upper(), path) for path, methods in document()["paths"].items() for method in methods if path.startswith("/admin")]


@pytest.fixture
def key(accounts: dict[str, dict[str, dict[str, str]]], sql: Sql) -> str:
    """An administrator's API key that is good for everything that a key can be good for."""
    key, scopes = "pg_of-an-administrator", ["stream", "sessions:read", "sessions:write", "models:read", "reports:read"]
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    sql(
        "INSERT INTO api_keys (id, user_id, name, prefix, hash, scopes) VALUES ($1, $2, 'k', 'pg_', $1, $3::text[]) ON CONFLICT DO NOTHING",
        key_hash,
        accounts["admin"]["user"]["id"],
        scopes,
    )
    return key


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
async def test_users_and_api_keys_are_refused(admin: User, premium: User, user: User, key: str, method: str, path: str) -> None:
    address = path.replace("{user_id}", user.account["id"]).replace("{model_id}", "sim/quick")
    body = {"json": {}} if method in ("PATCH", "POST", "PUT") else {}
    assert told(await admin.http.request(method, address, headers={"Authorization": ""}, **body)) == (401, "not_authenticated")
    for other in (premium, user):
        assert told(await other.http.request(method, address, **body)) == (403, "forbidden")
    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": "", "X-API-Key": key}):
        assert told(await admin.http.request(method, address, headers=headers, **body)) == (403, "scope_missing")
        assert (await admin.http.get("/models", headers=headers)).status_code == 200
