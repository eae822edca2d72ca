"""An answer's parts through the public door: thinking, sources and attachments in events, records and exports, and what is sent back."""

import csv
import io
import json
from typing import Any

import pytest

from ..support.client import Event, User, of_type, text_of
from ..support.scripted import Exchange, ScriptedProvider

PARIS, FRANCE = "https://example.com/paris", "https://example.com/france"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 10}}


async def record(user: User, events: list[Event]) -> dict[str, Any]:
    [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
    [answer] = turn["answers"]
    return dict(answer)


async def conversation_after(user: User, scripted: ScriptedProvider, *texts: str) -> list[dict[str, str]]:
    """The messages of the second turn, where the model wrote `texts`, a chunk each, in the first."""
    asked: list[list[dict[str, str]]] = []

    async def answers(exchange: Exchange) -> None:
        asked.append(exchange.body["messages"])
        await exchange.begin()
        await exchange.write(*(texts if len(asked) == 1 else ["Fine."]))
        await exchange.end(7, 5)

    events = await user.compare("First", [scripted.model(answers)])
    response = await user.http.post("/playground/stream", json={"prompt": "And now?", "sessionId": events[0].data["sessionId"]})
    assert response.status_code == 200
    return asked[1]


NOW = {"role": "user", "content": "And now?"}


@pytest.mark.parametrize("text", ["\n\n", " ", "\t\u00a0\u2003", "<think>Let me see.</think>\n\n", "<think>Let me"])
async def test_a_blank_answer_is_not_sent_back_and_neither_is_its_prompt(user: User, scripted: ScriptedProvider, text: str):
    assert await conversation_after(user, scripted, text) == [NOW]


@pytest.mark.parametrize(
    "texts",
    [
        ["<think>Let me see.</think>\n\nHello"],
        ["<thi", "nk>Let me", " see.</thin", "k>\n", "\nHello"],
        ["Let me see.\n</think>\n\nHello"],
        ["Let me see.</think>Hello"],
        ["Let me see.</think> Hello"],
        ["<|channel|>analysis<|message|>Let me see.<|end|><|message|>Hello"],
    ],
)
async def test_thinking_is_not_sent_back(user: User, scripted: ScriptedProvider, texts: list[str]):
    told = await conversation_after(user, scripted, *texts)
    assert told == [{"role": "user", "content": "First"}, {"role": "assistant", "content": "Hello"}, NOW]


async def test_text_about_tags_is_sent_back_unchanged(user: User, scripted: ScriptedProvider):
    text = "Write `</think>`\nto end it, </think> or `a</think>b`:\n```\n</think>\n```\nDone."
    assert (await conversation_after(user, scripted, text))[1]["content"] == text


async def test_thinking_between_tags_is_thinking_in_events_and_in_the_record(user: User, scripted: ScriptedProvider):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("<think>\n", "Okay, the user", " wants a greeting\n", "</think>\n\n", "Hello!")
        await exchange.end(11, 25)

    events = await user.compare("Hi", [scripted.model(answers)])
    chunks = [(chunk.get("kind"), chunk["content"]) for chunk in of_type(events, "chunk")]
    assert chunks == [("reasoning", "Okay, the user"), ("reasoning", " wants a greeting\n"), (None, "Hello!")]
    answer = await record(user, events)
    assert (answer["reasoning"], answer["text"], answer["outputTokens"]) == ("Okay, the user wants a greeting\n", "Hello!", 25)


async def test_thinking_that_only_an_end_tag_closes_is_thinking_in_the_record(user: User, scripted: ScriptedProvider):
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("A greeting, then.\n", "</think>\n\n", "Hello!")
        await exchange.end(11, 25)

    events = await user.compare("Hi", [scripted.model(answers)])
    assert text_of(events, 0) == "A greeting, then.\n</think>\n\nHello!"
    answer = await record(user, events)
    assert (answer["reasoning"], answer["text"]) == ("A greeting, then.\n", "Hello!")


async def with_sources(exchange: Exchange) -> None:
    await exchange.begin()
    results = [{"title": "Paris", "url": PARIS}]
    await exchange.event(
        {"choices": [{"index": 0, "delta": {"content": "Paris[1]."}}], "citations": [PARIS, FRANCE], "search_results": results}
    )
    await exchange.event({"choices": [{"index": 0, "delta": {"content": "", "images": [IMAGE]}}]})
    await exchange.end(7, 5)


SOURCES = [{"url": PARIS, "title": "Paris"}, {"url": FRANCE, "title": None}]
ATTACHMENTS = [{"kind": "image", "type": "image/png", "size": 30, "url": None}]


async def test_sources_and_attachments_come_in_an_event_before_the_metrics_and_are_kept(user: User, scripted: ScriptedProvider):
    events = await user.compare("Where?", [scripted.model(with_sources)])
    [told] = of_type(events, "sources")
    assert (told["lane"], told["sources"], told["attachments"]) == (0, SOURCES, ATTACHMENTS)
    types = [event.data["type"] for event in events]
    assert types.index("sources") == types.index("metrics") - 1
    answer = await record(user, events)
    assert (answer["sources"], answer["attachments"]) == (SOURCES, ATTACHMENTS)


async def test_an_answer_without_any_has_empty_lists_and_no_event(user: User):
    events = await user.compare("Hi", ["sim/quick"], maxTokens=3)
    assert not of_type(events, "sources")
    answer = await record(user, events)
    assert (answer["sources"], answer["attachments"]) == ([], [])


async def test_sources_are_in_both_exports(user: User, scripted: ScriptedProvider):
    await user.compare("Where?", [scripted.model(with_sources)])
    [session] = (await user.http.get("/playground/sessions/export")).json()
    assert session["turns"][0]["answers"][0]["sources"] == SOURCES
    response = await user.http.get("/playground/sessions/export", params={"format": "csv"})
    [line] = csv.DictReader(io.StringIO(response.text, newline=""))
    assert (line["sources"], line["attachments"]) == (f"Paris {PARIS}\n{FRANCE}", "image image/png")


async def test_a_repeated_request_sends_the_sources_again(user: User, scripted: ScriptedProvider):
    body, key = {"prompt": "Where?", "models": [scripted.model(with_sources)]}, {"Idempotency-Key": "once"}
    first = await user.http.post("/playground/stream", json=body, headers=key)
    again = await user.http.post("/playground/stream", json=body, headers=key)
    told = [line for line in again.text.splitlines() if '"type":"sources"' in line]
    assert told == [line for line in first.text.splitlines() if '"type":"sources"' in line]
    assert json.loads(told[0].removeprefix("data: "))["sources"] == SOURCES
