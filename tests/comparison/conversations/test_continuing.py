"""The next turn, versions, branches, other models in mid-conversation: what is sent, and what is kept."""

from collections.abc import Callable

import anyio
import pytest

from ...support.client import next_event, of_type, text_of
from ...support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Chat, Sent

Said = Callable[..., Sent]


async def test_the_next_turn_can_be_for_some_lanes(chat: Chat, said: Said):
    await chat.begin()
    await chat.ask("p2", only=[1])
    await chat.ask("p3")
    assert [content for _, content in chat.sent(chat.first)][::2] == ["p1", "p3"]
    assert len(chat.sent(chat.second)) == 5
    assert [[lane for lane, _ in turn] for turn in await chat.answers()] == [[0, 1], [1], [0, 1]]


async def test_a_lane_changes_to_another_model_and_back(chat: Chat, said: Said):
    await chat.begin(models=[chat.first], system="Be brief.", temperature=0.5)
    await chat.ask("p2", lanes=[{"lane": 0, "model": chat.second, "maxTokens": 7}])
    assert chat.sent(chat.second) == [("system", "Be brief."), *said("p1", "1", "p2")]
    await chat.ask("p3", lanes=[{"lane": 0, "model": chat.first, "system": None}])
    assert chat.sent(chat.first) == said("p1", "1", "p2", "2", "p3")
    session = await chat.read()
    answers = [turn["answers"][0] for turn in session["turns"]]
    assert [answer["model"] for answer in answers] == [chat.first, chat.second, chat.first]
    assert answers[0]["parameters"] == {"system": "Be brief.", "temperature": 0.5}
    assert answers[1]["parameters"] == {"system": "Be brief.", "temperature": 0.5, "maxTokens": 7}
    assert session["lanes"][0]["parameters"] == {"temperature": 0.5, "maxTokens": 7}


async def test_another_version_has_the_same_conversation_before_it_and_becomes_current(chat: Chat, said: Said):
    await chat.begin(models=[chat.first])
    await chat.ask("p2")
    events = await chat.regenerate(0)
    assert chat.sent(chat.first) == said("p1", "1", "p2")
    assert {event.data["version"] for event in events if event.data["type"] in ("status", "chunk", "metrics")} == {2}
    assert await chat.answers() == [[(0, "1")], [(0, "3")]]
    assert await chat.answers(current=False) == [[(0, "1")], [(0, "2"), (0, "3")]]
    await chat.ask("p3")
    assert chat.sent(chat.first) == said("p1", "1", "p2", "3", "p3")


async def test_an_earlier_version_can_be_chosen(chat: Chat, said: Said):
    await chat.begin(models=[chat.first])
    await chat.regenerate(0)
    await chat.call("PUT", "/lanes/0/head", json={"answerId": await chat.answer_id("1")})
    await chat.ask("p2")
    assert chat.sent(chat.first) == said("p1", "1", "p2")


async def test_several_versions_come_at_once(chat: Chat):
    await chat.begin(models=[chat.first])
    events = await chat.regenerate(0, times=5, temperature=1.5)
    assert [lane["version"] for lane in events[0].data["lanes"]] == [2, 3, 4, 5, 6]
    assert [metrics["version"] for metrics in sorted(of_type(events, "metrics"), key=lambda each: each["version"])] == [2, 3, 4, 5, 6]
    answers = (await chat.read())["turns"][0]["answers"]
    assert [answer["version"] for answer in answers] == [1, 2, 3, 4, 5, 6]
    assert [answer["current"] for answer in answers] == [False] * 5 + [True]
    assert sorted(answer["text"] for answer in answers) == ["1", "2", "3", "4", "5", "6"]
    assert answers[-1]["parameters"] == {"temperature": 1.5}


async def test_a_failed_answer_is_tried_again_in_place(chat: Chat, scripted: ScriptedProvider, said: Said):
    fails = True

    async def at_first_fails(exchange: Exchange) -> None:
        if fails and len(exchange.body["messages"]) > 1:
            await exchange.error(400, {"error": {"message": "No."}})
            return
        await exchange.begin()
        await exchange.write("Fine.")
        await exchange.end(1, 1)

    model = scripted.model(at_first_fails)
    await chat.begin(models=[model])
    await chat.ask("p2")
    fails = False
    events = await chat.regenerate(0)
    assert text_of(events, 0) == "Fine."
    assert chat.sent(model) == said("p1", "Fine.", "p2")


async def test_an_edited_prompt_begins_a_branch_and_the_old_one_can_be_returned_to(chat: Chat, said: Said):
    await chat.begin(models=[chat.first])
    await chat.ask("p2")
    await chat.ask("p3")
    second = (await chat.read())["turns"][1]
    await chat.ask("p2, edited", replaces=second["id"])
    assert chat.sent(chat.first) == said("p1", "1", "p2, edited")
    session = await chat.read()
    assert session["turns"][3]["replacesId"] == second["id"]
    assert [[answer["current"] for answer in turn["answers"]] for turn in session["turns"]] == [[True], [False], [False], [True]]
    await chat.ask("p4")
    assert chat.sent(chat.first) == said("p1", "1", "p2, edited", "4", "p4")
    await chat.call("PUT", "/lanes/0/head", json={"answerId": await chat.answer_id("3")})
    await chat.ask("p5")
    assert chat.sent(chat.first) == said("p1", "1", "p2", "2", "p3", "3", "p5")


async def test_the_first_prompt_can_be_edited(chat: Chat, said: Said):
    await chat.begin()
    await chat.ask("Other", replaces=(await chat.read())["turns"][0]["id"])
    assert chat.sent(chat.first) == said("Other")


async def test_all_lanes_continue_with_the_best_answer(chat: Chat, said: Said):
    await chat.begin()
    first = (await chat.read())["turns"][0]["answers"][0]
    await chat.call("PUT", "/head", json={"answerId": first["id"]})
    await chat.ask("p2")
    assert chat.sent(chat.first) == chat.sent(chat.second) == said("p1", first["text"], "p2")


async def test_a_deleted_answer_is_skipped_wherever_the_conversation_is_read(chat: Chat, said: Said):
    await chat.begin(models=[chat.first])
    await chat.ask("p2")
    await chat.ask("p3")
    cost = (await chat.read())["turns"][1]["answers"][0]["cost"]
    await chat.call("DELETE", f"/answers/{await chat.answer_id('2')}", 204)
    await chat.ask("p4")
    assert chat.sent(chat.first) == said("p1", "1", "p3", "3", "p4")
    answer = (await chat.read())["turns"][1]["answers"][0]
    assert (answer["text"], answer["deleted"], answer["cost"]) == ("", True, cost)


async def test_a_deleted_turn_is_gone_with_its_prompt(chat: Chat, said: Said):
    await chat.begin()
    await chat.ask("secret")
    turn = (await chat.read())["turns"][1]
    await chat.call("DELETE", f"/turns/{turn['id']}", 204)
    assert "secret" not in str(await chat.read())
    await chat.call("DELETE", f"/turns/{turn['id']}", 404)
    await chat.ask("p3")
    assert [content for _, content in chat.sent(chat.first)][::2] == ["p1", "p3"]


async def test_a_fork_has_the_conversation_and_costs_nothing_more(chat: Chat, said: Said):
    await chat.begin(models=[chat.first])
    await chat.ask("p2")
    await chat.ask("p3")
    spent = (await chat.user.http.get("/reports/costs")).json()["total"]
    source = chat.id
    fork = await chat.call("POST", "/fork", 201, json={"answerId": await chat.answer_id("2")})
    assert (await chat.user.http.get("/reports/costs")).json()["total"] == spent
    chat.id = fork["id"]
    assert [(turn["turn"], turn["prompt"], turn["answers"][0]["text"]) for turn in fork["turns"]] == [(1, "p1", "1"), (2, "p2", "2")]
    await chat.ask("p4")
    assert chat.sent(chat.first) == said("p1", "1", "p2", "2", "p4")
    assert len((await chat.user.session(source))["turns"]) == 3


async def test_a_lane_that_runs_refuses_a_second_run_and_others_may_start(chat: Chat, scripted: ScriptedProvider):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        if len(exchange.body["messages"]) > 1:
            await exchange.write("Well")
            await gate.wait()
        await exchange.write(".")
        await exchange.end(1, 1)

    await chat.begin(models=[scripted.model(waits), chat.second])
    body = {"prompt": "p2", "sessionId": chat.id, "only": [0]}
    async with chat.user.stream(json=body) as events:
        run_id = (await next_event(events, "chunk")).run_id
        response = await chat.user.http.post("/playground/stream", json={**body, "only": [0, 1]})
        assert (response.status_code, response.json()["runId"]) == (409, run_id)
        await chat.call("PUT", "/lanes/0/head", 409, json={"answerId": None})
        await chat.call("DELETE", "/lanes/0", 409)
        other = await chat.ask("p3", only=[1])
        assert other[0].data["turn"] == 3
        joined = await chat.user.http.get(f"/playground/sessions/{chat.id}/stream", params={"run": other[0].run_id})
        assert joined.status_code == 200
        gate.open()
        await next_event(events, "done")
    assert [[lane for lane, _ in turn] for turn in await chat.answers()] == [[0, 1], [0], [1]]


async def test_all_answers_can_come_as_one_object(chat: Chat):
    await chat.begin(models=[chat.first])
    response = await chat.user.http.post(
        "/playground/stream", json={"prompt": "p2", "sessionId": chat.id}, headers={"Accept": "application/json"}
    )
    assert response.headers["content-type"] == "application/json"
    result = response.json()
    recorded = (await chat.read())["turns"][1]
    assert result["answers"] == recorded["answers"]
    assert (result["sessionId"], result["turn"], result["turnId"], result["prompt"]) == (chat.id, 2, recorded["id"], "p2")
    assert (result["totalTokens"], result["totalCost"]) == (7, recorded["answers"][0]["cost"])
    again = await chat.user.http.post("/playground/stream", json={"prompt": "p", "models": [chat.first], "stream": False})
    assert again.json()["answers"][0]["text"] == "3"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"only": [7]}, 404, None),
        ({"only": []}, 422, "only"),
        ({"only": [0, 0]}, 422, "only"),
        ({"lanes": [{"model": "sim/quick"}]}, 422, "lanes.0.lane"),
        ({"lanes": [{"lane": 9, "model": "sim/quick"}]}, 404, None),
        ({"lanes": [{"lane": 0, "model": "sim/nosuch-at-all/x"}], "only": [1]}, 422, "lanes.0.lane"),
        ({"lanes": [{"lane": 1, "model": "sim/nosuch"}]}, 422, "lanes.0.model"),
        ({"lanes": [{"lane": 1, "fallbacks": ["sim/quick", "sim/nosuch"]}]}, 422, "lanes.0.fallbacks.1"),
        ({"replaces": "nothing"}, 404, None),
        ({"models": ["sim/quick"]}, 422, "models"),
        ({"temperature": 1}, 422, "temperature"),
    ],
)
async def test_a_bad_next_turn_is_refused_before_anything_is_sent(chat: Chat, scripted: ScriptedProvider, body, status, field):
    await chat.begin()
    response = await chat.user.http.post("/playground/stream", json={"prompt": "p2", "sessionId": chat.id, **body})
    assert response.status_code == status, response.text
    if field is not None:
        assert [error["field"] for error in response.json()["errors"]] == [field]
    assert len(scripted.asked(chat.first)) == len(scripted.asked(chat.second)) == 1


async def test_what_does_not_fit_the_context_window_is_left_out_from_the_oldest_turn(chat: Chat):
    words = "word " * 6_000
    events = await chat.user.compare(f"first {words}", ["sim/flaky"], maxTokens=5)
    chat.id = events[0].data["sessionId"]
    for prompt in ("second", "third"):
        events = await chat.ask(f"{prompt} {words}")
    omitted = events[0].data["lanes"][0]["omittedTurns"]
    assert omitted == 1
    assert (await chat.read())["turns"][2]["answers"][0]["omittedTurns"] == omitted
    refused = await chat.user.http.post("/playground/stream", json={"prompt": words * 7, "models": ["sim/flaky"]})
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:playground:problem:prompt_too_long"


async def test_another_model_answers_when_the_first_fails(chat: Chat, scripted: ScriptedProvider):
    async def refuses(exchange: Exchange) -> None:
        await exchange.error(400, {"error": {"message": "Not me."}})

    broken = scripted.model(refuses)
    events = await chat.begin(models=[broken], fallbacks=[scripted.model(refuses), chat.first])
    statuses = of_type(events, "status")
    assert [status["fallbackFrom"] for status in statuses if "fallbackFrom" in status] == [broken, broken]
    assert of_type(events, "chunk")[0]["model"] == chat.first
    [metrics] = of_type(events, "metrics")
    assert (metrics["model"], metrics["fallbackFrom"], metrics["attempts"]) == (chat.first, broken, 3)
    answer = (await chat.read())["turns"][0]["answers"][0]
    assert (answer["status"], answer["text"], answer["model"], answer["fallbackFrom"]) == ("completed", "1", chat.first, broken)
    assert answer["cost"] is not None
    assert (await chat.read())["lanes"][0]["model"] == broken


async def test_two_turns_of_other_lanes_that_begin_at_once_get_numbers_of_their_own(chat: Chat):
    await chat.begin()
    async with anyio.create_task_group() as tasks:
        for lane in (0, 1):
            tasks.start_soon(lambda lane=lane: chat.ask(f"to {lane}", only=[lane]))
    turns = (await chat.read())["turns"]
    assert [turn["turn"] for turn in turns] == [1, 2, 3]
    assert {(turn["prompt"], turn["answers"][0]["lane"]) for turn in turns[1:]} == {("to 0", 0), ("to 1", 1)}
