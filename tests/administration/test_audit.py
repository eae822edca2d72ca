"""`/admin/audit`: who changed what."""

import json
from typing import Any

import pytest

from ..support.client import PASSWORD, User
from .conftest import SetModel


async def events(admin: User, **query: Any) -> list[dict[str, Any]]:
    response = await admin.http.get("/admin/audit", params=query)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_a_change_is_recorded_with_who_what_when_and_from_where(admin: User, other_user: User) -> None:
    user_id = other_user.account["id"]
    body = {"role": "premium", "active": False, "name": "Grace", "limits": {}}
    changed = await admin.http.patch(f"/admin/users/{user_id}", json=body, headers={"X-Request-ID": "of-the-test"})
    assert changed.status_code == 200
    recorded = await events(admin, target=user_id)
    assert {event["action"]: event["changes"] for event in recorded} == {
        "user.role_changed": {"role": {"before": "user", "after": "premium"}},
        "user.locked": {"active": {"before": True, "after": False}},
        "user.renamed": {"name": {"before": "User", "after": "Grace"}},
    }
    for event in recorded:
        assert (event["actorId"], event["actor"]) == (admin.account["id"], admin.account["email"])
        assert (event["targetType"], event["address"], event["requestId"]) == ("user", "127.0.0.1", "of-the-test")
        assert event["createdAt"].endswith("Z")
    await admin.http.patch(f"/admin/users/{user_id}", json={"active": True})
    assert (await events(admin, target=user_id))[0]["action"] == "user.unlocked"


async def test_changes_without_effect_and_refused_ones_are_not_recorded(admin: User, user: User, set_model: SetModel) -> None:
    await set_model("sim/quick", tier="free", active=True)
    await admin.http.patch(f"/admin/users/{user.account['id']}", json={"role": "user", "name": "User"})
    await admin.http.patch(f"/admin/users/{admin.account['id']}", json={"role": "user"})
    before = await events(admin)
    await set_model("sim/quick", tier="free", active=True)
    await admin.http.patch(f"/admin/users/{user.account['id']}", json={"role": "user"})
    assert (await admin.http.patch(f"/admin/users/{admin.account['id']}", json={"role": "user"})).status_code == 409
    assert (await user.http.patch(f"/admin/users/{user.account['id']}", json={"role": "admin"})).status_code == 403
    assert await events(admin) == before


async def test_a_change_of_a_model_is_recorded_by_field(admin: User, set_model: SetModel) -> None:
    await set_model("sim/quick", tier="premium", price={"input": "1.50", "output": 2})
    await set_model("sim/quick", active=False, price=None)
    newest, first = (await events(admin, target="sim/quick", targetType="model"))[:2]
    price = {"input": "1.5", "output": "2", "cachedInput": None}
    assert (first["action"], first["changes"]) == (
        "model.changed",
        {"tier": {"before": "free", "after": "premium"}, "price": {"before": None, "after": price}},
    )
    assert newest["changes"] == {"active": {"before": True, "after": False}, "price": {"before": price, "after": None}}


async def test_events_of_a_user_stay_after_the_account_is_deleted(admin: User, other_user: User, set_model: SetModel) -> None:
    await admin.http.patch(f"/admin/users/{other_user.account['id']}", json={"role": "admin"})
    await other_user.http.patch("/admin/models/sim/quick", json={"tier": "premium"})
    assert (await admin.http.delete(f"/admin/users/{other_user.account['id']}")).status_code == 204
    [done] = await events(admin, actor=other_user.account["email"].upper())
    assert (done["actorId"], done["actor"], done["targetId"]) == (other_user.account["id"], other_user.account["email"], "sim/quick")
    [deleted] = await events(admin, target=other_user.account["id"], action="user.deleted")
    assert deleted["changes"]["email"] == {"before": other_user.account["email"], "after": None}


async def test_events_are_filtered_by_actor_action_target_and_time_and_paged(admin: User, other_user: User, set_model: SetModel) -> None:
    target = other_user.account["id"]
    for name in ("A", "B", "C"):
        await admin.http.patch(f"/admin/users/{target}", json={"name": name})
    await admin.http.patch(f"/admin/users/{target}", json={"role": "premium"})
    everything = await events(admin, target=target)
    assert [event["action"] for event in everything] == ["user.role_changed"] + ["user.renamed"] * 3
    assert await events(admin, target=target, action="user.renamed") == everything[1:]
    assert await events(admin, target=target, action="user") == everything
    assert await events(admin, target=target, action="use") == []
    assert await events(admin, target=target, targetType="model") == []
    assert await events(admin, target=target, actor=admin.account["id"]) == everything
    assert await events(admin, target=target, actor="somebody else") == []
    assert await events(admin, target=target, **{"from": everything[1]["createdAt"]}) == everything[:2]
    assert await events(admin, target=target, to=everything[1]["createdAt"]) == everything[2:]
    together: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in everything:
        query = {"target": target, "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await admin.http.get("/admin/audit", params=query)).json()
        together += page["items"]
        cursor = page["nextCursor"]
    assert (together, cursor) == (everything, None)


async def test_creating_and_revoking_an_api_key_is_recorded_without_the_key(admin: User, user: User) -> None:
    made = (await user.http.post("/users/me/api-keys", json={"name": "Nightly", "scopes": ["stream"]})).json()
    assert (await user.http.delete(f"/users/me/api-keys/{made['id']}")).status_code == 204
    recorded = await events(admin, target=made["id"], targetType="api_key")
    assert [(event["action"], event["actor"]) for event in recorded] == [
        ("api_key.revoked", user.account["email"]),
        ("api_key.created", user.account["email"]),
    ]
    assert recorded[1]["changes"]["scopes"] == {"before": None, "after": ["stream"]}
    assert made["key"] not in json.dumps(recorded)


async def test_storing_and_deleting_a_key_for_a_provider_is_recorded_without_the_key(admin: User, user: User) -> None:
    key = "made-up-for-this-test"
    assert (await user.http.put("/users/me/provider-keys/groq", json={"key": key})).status_code == 200
    assert (await user.http.delete("/users/me/provider-keys/groq")).status_code == 204
    assert (await user.http.delete("/users/me/provider-keys/groq")).status_code == 404
    recorded = await events(admin, actor=user.account["id"], targetType="provider_key")
    assert [(event["action"], event["targetId"]) for event in recorded] == [
        ("provider_key.deleted", "groq"),
        ("provider_key.stored", "groq"),
    ]
    assert key[-4:] not in json.dumps(recorded)


async def test_invitations_and_their_use_are_recorded(admin: User) -> None:
    email = "invited@example.org"
    issued = (await admin.http.post("/admin/invitations", json={"email": email, "role": "premium"})).json()
    body = {"email": email, "password": PASSWORD, "name": "Invited", "invitation": issued["token"]}
    made = (await admin.http.post("/auth/register", json=body, headers={"Authorization": ""})).json()["user"]
    [registered] = await events(admin, target=made["id"])
    assert (registered["action"], registered["actor"]) == ("user.registered", email)
    assert registered["changes"]["invitation"] == {"before": None, "after": issued["id"]}
    second = (await admin.http.post("/admin/invitations", json={"role": "user"})).json()
    assert (await admin.http.delete(f"/admin/invitations/{second['id']}")).status_code == 204
    recorded = await events(admin, targetType="invitation", actor=admin.account["id"])
    assert [(event["action"], event["targetId"]) for event in recorded] == [
        ("invitation.withdrawn", second["id"]),
        ("invitation.issued", second["id"]),
        ("invitation.issued", issued["id"]),
    ]
    assert issued["token"] not in json.dumps(recorded)
    await admin.http.delete(f"/admin/users/{made['id']}")


async def test_changed_passwords_and_deleted_accounts_are_recorded(admin: User, other_user: User) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": "another good password"}
    pair = (await other_user.http.post("/users/me/password", json=body)).json()
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    left = await other_user.http.request("DELETE", "/users/me", json={"password": "another good password"}, headers=headers)
    assert left.status_code == 204
    recorded = await events(admin, target=other_user.account["id"])
    assert [(event["action"], event["actor"]) for event in recorded] == [
        ("user.deleted", other_user.account["email"]),
        ("user.password_changed", other_user.account["email"]),
    ]


async def test_no_secret_is_in_the_audit(admin: User) -> None:
    text = json.dumps(await events(admin, limit=200))
    for secret in (PASSWORD, admin.token, "$2b$"):
        assert secret not in text


@pytest.mark.parametrize(("query", "field"), [({"limit": 0}, "limit"), ({"from": "soon"}, "from"), ({"actor": "x" * 321}, "actor")])
async def test_an_invalid_parameter_is_named(admin: User, query: dict[str, Any], field: str) -> None:
    response = await admin.http.get("/admin/audit", params=query)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
