"""One's own account: looked at and changed."""

from typing import Any

import pytest

from ..support.client import PASSWORD, User

PREFERENCES = {"theme": "system", "language": "en", "defaultModels": [], "notifications": False}


async def test_a_profile_can_be_read_at_two_paths(ada: User):
    me = await ada.http.get("/users/me")
    assert me.json() == (await ada.http.get("/auth/profile")).json() == ada.account
    assert me.json()["preferences"] == PREFERENCES


async def test_a_change_of_a_profile_keeps_all_other_fields(user: User):
    changed = (await user.http.patch("/users/me", json={"name": "Ada \u2028 L.", "bio": "Writes programs."})).json()
    assert changed == {**user.account, "name": "Ada \u2028 L.", "bio": "Writes programs."}
    changed = (await user.http.patch("/users/me", json={"username": "Ada.L", "preferences": {"theme": "dark"}})).json()
    assert (changed["username"], changed["preferences"]) == ("ada.l", {**PREFERENCES, "theme": "dark"})
    more = {"language": "de-AT", "defaultModels": ["sim/quick", "sim/careful"], "notifications": True}
    changed = (await user.http.patch("/users/me", json={"preferences": more})).json()
    assert changed["preferences"] == {"theme": "dark", **more}
    assert changed == (await user.http.get("/users/me")).json()
    assert (await user.http.post("/auth/login", json={"username": "ada.l", "password": PASSWORD})).status_code == 200
    changed = (await user.http.patch("/users/me", json={"username": None})).json()
    assert (changed["username"], changed["name"]) == (None, "Ada \u2028 L.")
    assert (await user.http.patch("/users/me", json={})).json() == changed


async def test_a_username_that_is_taken_is_refused_and_changes_nothing(user: User, other_user: User):
    assert (await other_user.http.patch("/users/me", json={"username": "wanted"})).status_code == 200
    response = await user.http.patch("/users/me", json={"username": "Wanted", "bio": "New"})
    assert (response.status_code, response.json()["type"]) == (409, "urn:playground:problem:username_taken")
    assert (await user.http.get("/users/me")).json() == user.account


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"bio": "x" * 2_001}, "bio"),
        ({"username": "no spaces"}, "username"),
        ({"email": "other@example.org"}, "email"),
        ({"role": "admin"}, "role"),
        ({"preferences": {"theme": "pink"}}, "preferences.theme"),
        ({"preferences": {"language": "German"}}, "preferences.language"),
        ({"preferences": {"defaultModels": ["sim/quick"] * 17}}, "preferences.defaultModels"),
        ({"preferences": {"sound": True}}, "preferences.sound"),
    ],
)
async def test_an_invalid_change_names_its_field(ada: User, change: dict[str, Any], field: str):
    response = await ada.http.patch("/users/me", json=change)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
