"""Several tabs, and others, with the same comparison; and tabs that are hidden."""

import re
from typing import Any

from playwright.async_api import Page, expect

from ..support.client import User, next_event
from ..support.process import until as until_in_service
from ..support.scripted import Gate
from .conftest import HeldAnswer, Visit

HIDING = """
for (const name of ["hidden", "visibilityState"]) {
  const shown = name === "hidden" ? false : "visible", unseen = name === "hidden" ? true : "hidden"
  Object.defineProperty(document, name, { configurable: true, get: () => (window.unseen ? unseen : shown) })
}
"""
"""Headless tabs are all seen; with this, `hide` says otherwise."""


async def hide(page: Page, hidden: bool = True) -> None:
    await page.evaluate(f"window.unseen = {str(hidden).lower()}; document.dispatchEvent(new Event('visibilitychange'))")


def prompt_of(page: Page) -> Any:
    return page.get_by_role("textbox", name="Prompt")


def lane_of(page: Page) -> Any:
    return page.get_by_role("region", name=re.compile("^Lane 1:"))


async def continued(program: User, prompt: str, session_id: str) -> None:
    """A whole further turn."""
    response = await program.http.post("/playground/stream", json={"prompt": prompt, "sessionId": session_id})
    assert response.status_code == 200, response.text


async def test_a_prompt_sent_during_another_tabs_turn_is_kept_and_that_turn_is_joined(visit: Visit, held: HeldAnswer) -> None:
    page = visit.page
    visit.expects_refusal("/playground/stream")
    async with visit.as_program() as program:
        async with program.stream(json={"prompt": "First", "models": [held.model]}) as events:
            session_id = (await next_event(events, "session")).data["sessionId"]
            held.gate.open()
            await next_event(events, "done")
        await page.goto(f"{visit.url}/s/{session_id}")
        await expect(visit.lane(1)).to_contain_text("one two three four")
        held.gate = Gate()
        async with program.stream(json={"prompt": "Second", "sessionId": session_id}) as events:
            await next_event(events, "chunk")
            await visit.prompt.fill("Third")
            await visit.prompt.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Your prompt was not sent")
            await expect(visit.prompt).to_have_value("Third")
            second = visit.lane(1).get_by_role("article", name="Turn 2")
            await expect(second).to_contain_text("one two")
            await expect(second).not_to_contain_text("four")
            held.gate.open()
            await expect(second).to_contain_text("one two three four")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await visit.prompt.press("Enter")
        await expect(visit.lane(1).get_by_role("article", name="Turn 3")).to_contain_text("one two three four")
        turns = (await program.session(session_id))["turns"]
        assert [turn["prompt"] for turn in turns] == ["First", "Second", "Third"]


async def test_an_outdated_tab_loads_missing_turns_before_it_sends(visit: Visit, held: HeldAnswer) -> None:
    held.gate.open()
    await visit.compare("First", held.model)
    await expect(visit.lane(1)).to_contain_text("Done")
    session_id = visit.page.url.rpartition("/")[2]
    async with visit.as_program() as program:
        await continued(program, "Second, from elsewhere", session_id)
        await visit.prompt.fill("Third")
        await visit.prompt.press("Enter")
        for number, prompt in ((1, "First"), (2, "Second, from elsewhere"), (3, "Third")):
            turn = visit.lane(1).get_by_role("article", name=f"Turn {number}")
            await expect(turn).to_contain_text(prompt)
            await expect(turn).to_contain_text("one two three four")


async def test_a_tab_that_is_shown_again_has_the_turns_added_meanwhile(visit: Visit, held: HeldAnswer) -> None:
    held.gate.open()
    await visit.page.add_init_script(HIDING)
    await visit.compare("First", held.model)
    await expect(visit.lane(1)).to_contain_text("Done")
    await hide(visit.page)
    async with visit.as_program() as program:
        await continued(program, "Second", visit.page.url.rpartition("/")[2])
    await hide(visit.page, False)
    await expect(visit.lane(1).get_by_role("article", name="Turn 2")).to_contain_text("one two three four")


async def test_eight_tabs_with_running_turns_work_because_hidden_ones_close_their_streams(visit: Visit, held: HeldAnswer) -> None:
    """A browser has six connections to a service over HTTP/1.1."""
    context = visit.page.context
    await context.add_init_script(HIDING)
    tabs = [visit.page]
    await visit.compare("Count", held.model)
    for number in range(8):
        page = tabs[-1]
        await expect(lane_of(page)).to_contain_text("one two")
        if number == 7:
            break
        await hide(page)
        tabs.append(await context.new_page())
        await tabs[-1].goto(f"{visit.url}/?models={held.model}")
        await prompt_of(tabs[-1]).fill("Count")
        await prompt_of(tabs[-1]).press("Enter")
        await tabs[-1].wait_for_url("**/s/*")
    held.gate.open()
    await expect(lane_of(tabs[-1])).to_contain_text("one two three four")
    for page in tabs[:-1]:
        await hide(page, False)
        await expect(lane_of(page)).to_contain_text("one two three four")
        await expect(lane_of(page)).to_contain_text("Done")


async def test_a_hidden_tab_closes_its_stream_and_keeps_its_run(visit: Visit, held: HeldAnswer) -> None:
    page = visit.page
    await page.add_init_script(HIDING)
    await visit.compare("Count", held.model)
    await expect(visit.lane(1)).to_contain_text("one two")
    async with page.expect_request(lambda request: request.url.endswith("/keep")) as kept, page.expect_event("requestfailed"):
        await hide(page)
    assert (await kept.value).post_data_json["seconds"] > 120
    held.gate.open()
    async with visit.as_program() as program:

        async def finished() -> bool:
            session = await program.session(page.url.rpartition("/")[2])
            return session["turns"][0]["answers"][0]["status"] == "completed"

        await until_in_service(finished)
    await hide(page, False)
    await expect(visit.lane(1)).to_contain_text("one two three four")
    await expect(visit.lane(1)).to_contain_text("Done")
