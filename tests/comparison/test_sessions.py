"""The records: list, search, read, rename, delete; and text that comes back as it came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.kit.text import clean

from ..support.client import User, next_event, of_type, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider


async def ids(user: User, **query: object) -> list[str]:
    response = await user.http.get("/playground/sessions", params=query)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def make(user: User, prompt: str, *models: str) -> str:
    return (await user.compare(prompt, list(models or ["sim/quick"]), maxTokens=3))[0].data["sessionId"]


async def test_the_list_is_newest_first_and_pages_with_a_cursor(user: User):
    made = [await make(user, f"Question {number}") for number in range(5)]
    seen, cursor = [], None
    while True:
        page = (await user.http.get("/playground/sessions", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        assert len(page["items"]) == 2
    assert seen == made[::-1]


async def test_search_finds_titles_and_prompts_in_any_case_and_takes_wildcards_literally(user: User):
    rivers, percent = await make(user, "About RIVERS"), await make(user, "100% sure_thing")
    assert await ids(user, q="rivers") == [rivers]
    assert await ids(user, q="0% sure_") == [percent]
    assert await ids(user, q="%") == [percent]
    assert await ids(user, q="nothing like it") == []


async def test_filters_by_model_status_and_date(user: User):
    careful = await make(user, "One", "sim/careful", "sim/quick")
    failed = await make(user, "Two", "sim/refuses")
    assert await ids(user, model="sim/careful") == [careful]
    assert await ids(user, status="failed") == [failed]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert await ids(user, **{"from": tomorrow}) == []
    assert await ids(user, to=tomorrow) == [failed, careful]


async def test_a_summary_adds_up_its_answers(user: User):
    events = await user.compare("Sum", ["sim/quick", "sim/careful"])
    [item] = (await user.http.get("/playground/sessions", params={"include": "answers"})).json()["items"]
    metrics = of_type(events, "metrics")
    assert item["turns"] == 1
    assert item["totalTokens"] == sum(m["tokensUsed"] for m in metrics)
    assert (item["totalCost"], item["unknownCosts"]) == ("0", 0)
    assert item["simulatedCost"] == of_type(events, "done")[0]["simulatedCost"]
    assert [(lane["model"], lane["status"]) for lane in item["lanes"]] == [("sim/quick", "completed"), ("sim/careful", "completed")]
    assert [answer["cost"] for answer in item["answers"]] == [m["cost"] for m in sorted(metrics, key=lambda m: m["lane"])]
    assert "text" not in item["answers"][0]


async def test_a_session_can_be_renamed_and_deleted(user: User):
    session_id = await make(user, "Old title")
    response = await user.http.patch(f"/playground/sessions/{session_id}", json={"title": "New title"})
    assert response.json()["title"] == "New title"
    assert (await user.http.delete(f"/playground/sessions/{session_id}")).status_code == 204
    for response in (
        await user.http.get(f"/playground/sessions/{session_id}"),
        await user.http.delete(f"/playground/sessions/{session_id}"),
        await user.http.patch(f"/playground/sessions/{session_id}", json={"title": "x"}),
    ):
        assert response.status_code == 404


async def test_another_users_session_is_not_found(user: User, other_user: User):
    session_id = await make(user, "Mine")
    path = f"/playground/sessions/{session_id}"
    for response in (
        await other_user.http.get(path),
        await other_user.http.patch(path, json={"title": "Stolen"}),
        await other_user.http.delete(path),
    ):
        assert response.status_code == 404
    assert (await user.session(session_id))["title"] == "Mine"
    assert await ids(other_user) == []


async def test_a_running_session_is_shown_with_its_text_so_far(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def ends(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("All")
        await exchange.end(3, 4)

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("So far ")
        await gate.wait()
        await exchange.write("so good")
        await exchange.end(3, 4)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(ends), scripted.model(waits)]}) as events:
        start = await next_event(events, "session")
        await next_event(events, "status", lane=0, status="completed")
        session = await user.session(start.data["sessionId"])
        while session["turns"][0]["answers"][1]["text"] == "":
            await next_event(events, "chunk", lane=1)
            session = await user.session(start.data["sessionId"])
        assert session["running"] is True
        first, second = session["turns"][0]["answers"]
        assert (first["status"], first["text"], first["tokensUsed"]) == ("completed", "All", 7)
        assert (second["status"], second["text"], second["tokensUsed"]) == ("running", "So far ", None)
        gate.open()
        await next_event(events, "done")


async def test_deleting_a_running_session_stops_it(user: User, scripted: ScriptedProvider):
    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.until_client_leaves()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        start = await next_event(events, "session")
        await next_event(events, "chunk")
        assert (await user.http.delete(f"/playground/sessions/{start.data['sessionId']}")).status_code == 204
        await next_event(events, "status", status="stopped")
    assert await ids(user) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.text(st.characters(), min_size=1, max_size=200).filter(str.strip), answer=st.text(st.characters(), min_size=1, max_size=200)
)
async def test_every_text_is_returned_unchanged(user: User, scripted: ScriptedProvider, prompt: str, answer: str):
    await check_text(user, scripted, prompt, answer)


@pytest.mark.parametrize(
    "text",
    [
        "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e",
        "a\rb\r\nc\n",
        "\x00",
        "\ud800 alone",
        "\udc00\ud800",
        "\U0010ffff\ufeff\ue000",
        "  lead and trail  ",
    ],
)
async def test_unusual_texts_are_returned_unchanged_or_cleaned(user: User, scripted: ScriptedProvider, text: str):
    await check_text(user, scripted, f"prompt {text}", text)


async def test_an_answer_of_a_megabyte_is_returned_completely(user: User, scripted: ScriptedProvider):
    await check_text(user, scripted, "Much", "0123456789abcdé\n" * 65_536)


async def check_text(user: User, scripted: ScriptedProvider, prompt: str, answer: str) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        half = len(answer) // 2
        await exchange.write(answer[:half] or "-", answer[half:])
        await exchange.end(3, 4)

    expected = clean((answer[: len(answer) // 2] or "-") + answer[len(answer) // 2 :])
    events = await user.compare(prompt, [scripted.model(answers)])
    assert text_of(events, 0) == expected
    [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
    assert turn["prompt"] == clean(prompt)
    assert turn["answers"][0]["text"] == expected
