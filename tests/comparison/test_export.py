"""All sessions in one file."""

import csv
import io
from typing import Any

from ..support.client import User, next_event, of_type, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider

EXPORT = "/playground/sessions/export"


async def exported(user: User, **query: str) -> list[dict[str, Any]]:
    response = await user.http.get(EXPORT, params=query)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == 'attachment; filename="sessions.json"'
    found: list[dict[str, Any]] = response.json()
    return found


async def lines(user: User, **query: str) -> list[dict[str, str]]:
    response = await user.http.get(EXPORT, params=query, headers={"Accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


async def test_it_has_every_session_as_it_is_read_by_itself(user: User):
    ids = [(await user.compare(f"Prompt {number}", ["sim/quick"], maxTokens=3))[0].data["sessionId"] for number in range(23)]
    found = await exported(user)
    assert [session["id"] for session in found] == ids[::-1]
    assert found[5] == await user.session(ids[-6])


async def test_the_csv_has_a_line_for_each_answer(user: User):
    first = await user.compare('=A "prompt",\nin two lines', ["sim/quick", "sim/refuses"], maxTokens=3)
    session_id = first[0].data["sessionId"]
    response = await user.http.post("/playground/stream", json={"prompt": "More", "sessionId": session_id})
    assert response.status_code == 200
    found = await lines(user)
    assert [(line["session_id"], line["turn"], line["lane"], line["model"], line["status"]) for line in found] == [
        (session_id, "1", "0", "sim/quick", "completed"),
        (session_id, "1", "1", "sim/refuses", "failed"),
        (session_id, "2", "0", "sim/quick", "completed"),
        (session_id, "2", "1", "sim/refuses", "failed"),
    ]
    assert found[0]["prompt"] == '\'=A "prompt",\nin two lines'
    assert found[0]["text"].removeprefix("'") == text_of(first, 0)
    [metrics] = of_type(first, "metrics", 0)
    assert (found[0]["cost_usd"], found[0]["output_tokens"]) == (metrics["cost"], str(metrics["outputTokens"]))
    assert found[1]["error_code"]
    assert found[0]["simulated"] == "true"


async def test_the_filters_are_those_of_the_list(user: User):
    await user.compare("About cats", ["sim/quick"], maxTokens=3)
    await user.compare("About dogs", ["sim/refuses"])
    for query, title in (({"q": "cats"}, "About cats"), ({"model": "sim/refuses"}, "About dogs"), ({"status": "failed"}, "About dogs")):
        assert [session["title"] for session in await exported(user, **query)] == [title]
        assert {line["title"] for line in await lines(user, **query)} == {title}
    assert await exported(user, to="2001-01-01") == []
    assert await lines(user, to="2001-01-01") == []
    assert (await user.http.get(EXPORT, params={"from": "yesterday"})).status_code == 422


async def test_it_has_no_other_users_sessions(user: User, other_user: User):
    await other_user.compare("Not yours", ["sim/quick"], maxTokens=3)
    assert await exported(user) == []


async def test_a_running_turn_is_included_with_its_text_so_far(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("So far")
        await gate.wait()
        await exchange.end(1, 1)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        started = await next_event(events, "session")
        await next_event(events, "chunk")
        # It waits until the session is recorded, which happens beside the run.
        await user.session(started.data["sessionId"])
        [session] = await exported(user)
        gate.open()
    assert session["running"] is True
    assert session["turns"][0]["answers"][0]["text"] == "So far"


async def test_no_cell_of_a_file_for_people_is_longer_than_a_spreadsheet_accepts(user: User, scripted: ScriptedProvider):
    texts = {"short": "é" * 32_767, "long": "é" * 32_768, "pairs": "\U0001f600" * 20_000, "run": "=" + "1" * 32_767}

    for text in texts.values():

        async def answer(exchange: Exchange, text: str = text) -> None:
            await exchange.begin()
            await exchange.write(text)
            await exchange.end(1, 1)

        await user.compare("Hi", [scripted.model(answer)])
    response = await user.http.get(EXPORT, params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    cells = [row["text"] for row in reversed(rows)]
    assert all(len(cell.encode("utf-16-le")) <= 2 * 32_767 for cell in cells)
    assert cells[0] == texts["short"]
    for cell, text in zip(cells[1:], list(texts.values())[1:], strict=True):
        assert "truncated" in cell
        assert text.startswith(cell.partition("…")[0].removeprefix("'"))
    programs = await user.http.get(EXPORT, headers={"Accept": "text/csv"})
    whole = [row["text"] for row in csv.DictReader(io.StringIO(programs.text, newline=""))]
    assert sorted(map(len, whole)) == sorted([32_767, 32_768, 20_000, 32_769])
