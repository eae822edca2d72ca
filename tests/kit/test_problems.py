"""What errors say to whoever made them."""

from typing import Any

import pytest

from ..support.client import User


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"bio": "x" * 2_001}, "bio", "should have at most 2,000 characters"),
        ({"name": ""}, "name", "should not be empty"),
        ({"preferences": {"defaultModels": ["sim/quick"] * 17}}, "preferences.defaultModels", "should have at most 16 entries"),
        ({"preferences": {"colour": "red"}}, "preferences.colour", "is not a known field"),
    ],
)
async def test_a_field_is_refused_in_words_about_what_was_sent(user: User, change: dict[str, Any], field: str, message: str):
    refused = await user.http.patch("/users/me", json=change)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": field, "message": message}]
    assert refused.json()["detail"] == f"{field}: {message}"


async def test_an_unknown_path_suggests_similar_ones(user: User):
    nowhere = await user.http.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "about:blank")
    assert nowhere.json()["detail"] == "This address doesn't exist. See /docs for all addresses."


async def test_a_wrong_method_is_refused_with_the_allowed_ones(user: User):
    refused = await user.http.put("/users/me")
    assert refused.status_code == 405
    allowed = refused.headers["allow"]
    assert set(allowed.split(", ")) == {"GET", "PATCH", "DELETE"}
    assert refused.json()["detail"] == f"This address doesn't support PUT. It supports {allowed}."


async def test_head_is_not_allowed_for_a_stream(user: User):
    for path in ("/playground/stream?prompt=Hi&models=sim/quick", "/playground/sessions/none/stream"):
        assert (await user.http.head(path)).status_code == 405
    assert (await user.http.get("/playground/sessions")).json()["items"] == []
