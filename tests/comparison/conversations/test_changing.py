"""Sessions that begin empty, lanes that come and go, the trash, and bad input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.conversations.repository import ConversationRepository
from playground.serving.server import RunningService

from ...support.client import User, text_of
from .conftest import Chat


async def test_an_empty_session_has_what_it_was_given_and_takes_its_title_from_the_first_prompt(chat: Chat):
    body = {"models": [chat.first], "temperature": 0.5, "tags": ["a", "b", "a"], "metadata": {"ticket": [1, 0.25, None]}}
    session = await chat.call("POST", "", 201, json=body)
    chat.id = session["id"]
    assert (session["title"], session["tags"], session["metadata"]) == ("", ["a", "b"], {"ticket": [1, 0.25, None]})
    assert session["parameters"] == {"temperature": 0.5}
    assert [(lane["model"], lane["status"], lane["parameters"]) for lane in session["lanes"]] == [
        (chat.first, "waiting", {"temperature": 0.5})
    ]
    events = await chat.ask("What is it?\nTell me.")
    assert text_of(events, 0) == "1"
    assert (await chat.read())["title"] == "What is it?"
    assert (await chat.user.http.get("/playground/sessions")).json()["items"][0]["turns"] == 1


async def test_a_session_without_lanes_takes_no_turn(chat: Chat):
    chat.id = (await chat.call("POST", "", 201, json={}))["id"]
    response = await chat.user.http.post("/playground/stream", json={"prompt": "Hi", "sessionId": chat.id})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "sessionId")
    listed = (await chat.user.http.get("/playground/sessions")).json()["items"][0]
    assert (listed["id"], listed["lanes"], listed["turns"]) == (chat.id, [], 0)


async def test_a_change_changes_what_it_names_and_nothing_else(chat: Chat):
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    await chat.begin("Title")
    await chat.call("PATCH", json={"tags": ["x"], "favourite": True, "metadata": {"a": 1}, "expiresAt": later})
    session = await chat.call("PATCH", json={"title": "New", "expiresAt": None})
    assert (session["title"], session["tags"], session["favourite"], session["metadata"]) == ("New", ["x"], True, {"a": 1})
    assert session["expiresAt"] is None


async def test_the_list_is_narrowed_by_tags_favourites_and_the_trash(chat: Chat):
    async def listed(**query: Any) -> list[str]:
        page = (await chat.user.http.get("/playground/sessions", params=query)).json()
        return [item["title"] for item in page["items"]]

    for title, tags in (("one", ["a"]), ("two", ["a", "b"]), ("three", [])):
        chat.id = ""
        chat.id = (await chat.call("POST", "", 201, json={"title": title, "tags": tags}))["id"]
    await chat.call("PATCH", json={"favourite": True})
    assert await listed(tag="a") == ["two", "one"]
    assert await listed(tag=["a", "b"]) == ["two"]
    assert await listed(favourite=True) == ["three"]
    await chat.call("DELETE", expected=204)
    assert await listed() == ["two", "one"]
    assert await listed(deleted=True) == ["three"]


async def test_a_lane_that_is_added_continues_what_it_is_told_to(chat: Chat):
    await chat.begin(models=[chat.first])
    session = await chat.call("POST", "/lanes", 201, json={"model": chat.second, "continues": await chat.answer_id("1")})
    assert [lane["lane"] for lane in session["lanes"]] == [0, 1]
    await chat.call("POST", "/lanes", 201, json={"model": "sim/quick", "maxTokens": 3})
    await chat.ask("p2", only=[1, 2])
    assert chat.sent(chat.second) == [("user", "p1"), ("assistant", "1"), ("user", "p2")]


async def test_a_removed_lane_keeps_its_answers_and_takes_no_turn(chat: Chat):
    await chat.begin()
    await chat.call("DELETE", "/lanes/0", 204)
    await chat.call("DELETE", "/lanes/0", 404)
    await chat.ask("p2")
    session = await chat.read()
    assert [lane["removed"] for lane in session["lanes"]] == [True, False]
    assert [[answer["lane"] for answer in turn["answers"]] for turn in session["turns"]] == [[0, 1], [1]]
    refused = await chat.user.http.post("/playground/stream", json={"prompt": "p3", "sessionId": chat.id, "only": [0]})
    assert refused.status_code == 404
    added = await chat.call("POST", "/lanes", 201, json={"model": chat.first})
    assert [lane["lane"] for lane in added["lanes"]] == [0, 1, 2]


async def test_lanes_change_places_and_keep_their_numbers(chat: Chat):
    await chat.begin(models=[chat.first, chat.second, "sim/quick"], maxTokens=3)
    session = await chat.call("PUT", "/lanes", json={"lanes": [2, 0, 1]})
    assert [lane["lane"] for lane in session["lanes"]] == [2, 0, 1]
    await chat.call("PUT", "/lanes", 422, json={"lanes": [2, 0]})
    await chat.call("PUT", "/lanes", 404, json={"lanes": [2, 0, 5]})


async def test_a_session_has_a_limited_number_of_lanes(chat: Chat):
    chat.id = (await chat.call("POST", "", 201, json={"models": ["sim/quick"] * 16}))["id"]
    await chat.call("POST", "/lanes", 409, json={"model": "sim/quick"})
    await chat.call("DELETE", "/lanes/3", 204)
    await chat.call("POST", "/lanes", 201, json={"model": "sim/quick"})


async def test_a_lane_changes_from_its_next_turn_on(chat: Chat):
    await chat.begin(models=[chat.first], maxTokens=9)
    session = await chat.call("PATCH", "/lanes/0", json={"model": chat.second, "maxTokens": None, "seed": 1})
    assert (session["lanes"][0]["model"], session["lanes"][0]["parameters"]) == (chat.second, {"seed": 1})
    assert session["turns"][0]["answers"][0]["model"] == chat.first


async def test_a_deleted_session_is_in_the_trash_until_it_is_restored(chat: Chat):
    await chat.begin()
    whole = await chat.read()
    await chat.call("DELETE", expected=204)
    await chat.call("GET", expected=404)
    await chat.call("DELETE", expected=404)
    assert (await chat.user.http.get("/playground/sessions")).json()["items"] == []
    assert (await chat.user.http.get("/playground/sessions/export")).json() == []
    refused = await chat.user.http.post("/playground/stream", json={"prompt": "p2", "sessionId": chat.id})
    assert refused.status_code == 404
    assert await chat.call("POST", "/restore") == whole
    await chat.call("DELETE", expected=204, params={"permanently": True})
    await chat.call("POST", "/restore", 404)


async def test_the_trash_is_emptied_and_what_has_expired_with_it(chat: Chat, service: RunningService, portal: BlockingPortal):
    def empty(days: int) -> None:
        portal.call(ConversationRepository(service.database).empty_trash, days)

    async def age(column: str, days: int) -> None:
        statement = f"UPDATE sessions SET {column} = now() - make_interval(days => $2::int) WHERE id = $1"  # noqa: S608 - a column that the test names
        portal.call(service.database.run, lambda prisma: prisma.execute_raw(statement, chat.id, days))

    await chat.begin()
    await age("expires_at", 29)
    await chat.call("GET", expected=404)
    empty(30)
    await chat.call("POST", "/restore")
    await age("deleted_at", 31)
    empty(30)
    await chat.call("POST", "/restore", 404)


_BAD: list[tuple[str, str, dict[str, Any], int, str | None]] = [
    ("POST", "", {"models": ["sim/nosuch"]}, 422, "models.0"),
    ("POST", "", {"lanes": [{"maxTokens": 3}]}, 422, "lanes.0.model"),
    ("POST", "", {"models": ["sim/quick"] * 17}, 422, "models"),
    ("POST", "", {"metadata": {"a": "x" * 16_384}}, 422, "metadata"),
    ("POST", "", {"tags": [" "]}, 422, "tags.0"),
    ("POST", "", {"expiresAt": "2020-01-01"}, 422, "expiresAt"),
    ("PATCH", "", {"titel": "x"}, 422, "titel"),
    ("PATCH", "", {"tags": None}, 422, "tags"),
    ("POST", "/lanes", {}, 422, "model"),
    ("POST", "/lanes", {"model": "sim/quick", "continues": "nothing"}, 404, None),
    ("PATCH", "/lanes/9", {"seed": 1}, 404, None),
    ("PATCH", "/lanes/0", {"temperature": 3}, 422, "temperature"),
    ("PUT", "/lanes/0/head", {"answerId": "nothing"}, 404, None),
    ("PUT", "/head", {"answerId": None, "lanes": [5]}, 404, None),
    ("POST", "/fork", {"answerId": "nothing"}, 404, None),
    ("DELETE", "/answers/nothing", {}, 404, None),
    ("DELETE", "/turns/nothing", {}, 404, None),
    ("POST", "/lanes/9/regenerate", {}, 404, None),
    ("POST", "/lanes/0/regenerate", {"times": 9}, 422, "times"),
    ("POST", "/lanes/0/regenerate", {"answerId": "nothing"}, 404, None),
    ("POST", "/lanes/0/regenerate", {"model": "sim/nosuch"}, 422, "model"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), _BAD)
async def test_bad_input_is_refused_by_name(chat: Chat, method: str, path: str, body: dict[str, Any], status: int, field: str | None):
    if path or method != "POST":
        await chat.begin(models=["sim/quick"], maxTokens=3)
    path = f"/playground/sessions/{chat.id}{path}".rstrip("/")
    response = await chat.user.http.request(method, path, json=body)
    assert response.status_code == status, response.text
    if field is not None:
        assert response.json()["errors"][0]["field"] == field


async def test_an_answer_of_another_session_is_not_there(chat: Chat, user: User):
    elsewhere = (await user.compare("Hi", ["sim/quick"], maxTokens=3))[0].data["lanes"][0]["answerId"]
    await chat.begin()
    await chat.call("PUT", "/lanes/0/head", 404, json={"answerId": elsewhere})
    await chat.call("POST", "/fork", 404, json={"answerId": elsewhere})
    await chat.call("POST", "/lanes", 404, json={"model": chat.first, "continues": elsewhere})
