"""`GET /models/{id}`, the categories, and favourites, over HTTP."""

import io
import json
import zipfile

import pytest

from playground.catalogue import service as catalogue_service

from ..support.client import User


async def favourites(user: User) -> list[str]:
    page = (await user.http.get("/models", params={"favourite": "true"})).raise_for_status().json()
    return [item["id"] for item in page["items"]]


async def test_one_model_is_the_one_of_the_list(user: User) -> None:
    [listed] = (await user.http.get("/models", params={"q": "sim/quick"})).raise_for_status().json()["items"]
    assert (await user.http.get("/models/sim/quick")).raise_for_status().json() == listed
    assert (await user.http.get("/models/sim%2Fquick")).raise_for_status().json() == listed
    assert (await user.http.get("/models/quick")).raise_for_status().json() == listed


async def test_a_model_that_no_list_has_is_not_found_and_the_nearest_are_named(user: User) -> None:
    response = await user.http.get("/models/sim/quikc")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:playground:problem:model_not_listed"
    assert "Did you mean sim/quick?" in response.json()["detail"]
    assert (await user.http.get("/models/scripted/anything")).status_code == 404
    assert (await user.http.get("/models/nowhere/at/all")).status_code == 404


async def test_categories_count_the_models_that_a_filter_gives(user: User) -> None:
    categories = (await user.http.get("/models/categories")).raise_for_status().json()["items"]
    assert [each["id"] for each in categories] == ["chat", "reasoning", "vision", "code", "small", "open-weights"]
    for category in categories:
        page = (await user.http.get("/models", params={"category": category["id"]})).raise_for_status().json()
        assert len(page["items"]) == category["models"]
    assert categories[0]["models"] > 0


async def test_a_favourite_is_marked_for_its_user_until_it_is_removed(user: User, other_user: User) -> None:
    for _ in range(2):
        assert (await user.http.put("/models/sim/quick/favourite")).status_code == 204
    assert await favourites(user) == ["sim/quick"]
    assert (await user.http.get("/models/sim/quick")).json()["favourite"] is True
    assert await favourites(other_user) == []
    assert (await other_user.http.get("/models/sim/quick")).json()["favourite"] is False
    for _ in range(2):
        assert (await user.http.delete("/models/sim/quick/favourite")).status_code == 204
    assert await favourites(user) == []


async def test_only_a_listed_model_can_be_a_favourite(user: User) -> None:
    assert (await user.http.put("/models/sim/nosuch/favourite")).status_code == 404
    assert await favourites(user) == []


async def test_favourites_have_a_maximum(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_service, "_MOST_FAVOURITES", 1)
    assert (await user.http.put("/models/sim/quick/favourite")).status_code == 204
    refused = await user.http.put("/models/sim/careful/favourite")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:playground:problem:too_many_favourites")
    assert (await user.http.put("/models/sim/quick/favourite")).status_code == 204


async def test_favourites_are_in_the_export_of_an_account(user: User) -> None:
    (await user.http.put("/models/sim/careful/favourite")).raise_for_status()
    exported = (await user.http.get("/users/me/export")).raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        rows = json.loads(archive.read("favourite-models.json"))
    assert [row["model"] for row in rows] == ["sim/careful"]
