"""The history on the page: found by day and by words, renamed, deleted, and not deleted after all."""

import re
from datetime import UTC, datetime, timedelta

import anyio
from playwright.async_api import Page, expect

from ..support.client import User
from .conftest import Visit

MODELS = ["sim/quick"]


def rows(page: Page):
    return page.locator("[data-session]")


async def made(program: User, *prompts: str) -> list[str]:
    """Sessions with these prompts, one after the other; their ids."""
    return [(await program.compare(prompt, MODELS))[0].data["sessionId"] for prompt in prompts]


async def status(program: User, session_id: str) -> int:
    return (await program.http.get(f"/playground/sessions/{session_id}")).status_code


async def test_sessions_are_grouped_by_day_and_have_their_own_url(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [first, _] = await made(program, "First prompt", "Second prompt")
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="History").click()
    today = page.get_by_role("region", name="Today")
    await expect(today.get_by_role("link")).to_have_text(["Second prompt", "First prompt"])
    await expect(rows(page).first).to_contain_text("simulated")
    await today.get_by_role("link", name="First prompt").click()
    await expect(page).to_have_url(f"{visit.url}/s/{first}")
    await expect(visit.lane(1)).to_contain_text("simulated answer")


async def test_days_are_those_of_the_browser(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await made(program, "Somewhere it is tomorrow")
    cdp = await page.context.new_cdp_session(page)
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        await cdp.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        await page.goto(f"{visit.url}/history")
        await expect(page.get_by_role("heading", level=2)).to_have_text("Yesterday")


async def test_searches_find_sessions_and_are_in_the_url(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await made(program, "A prompt about apples", "A prompt about pears", "Nothing of the kind")
        await program.compare("With a model that refuses", ["sim/refuses"])
    await page.goto(f"{visit.url}/history")
    await expect(rows(page)).to_have_count(4)
    await page.keyboard.press("/")
    await page.keyboard.type("about")
    await expect(rows(page)).to_have_count(2)
    await expect(page).to_have_url(f"{visit.url}/history?q=about")
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("about")
    await expect(rows(page)).to_have_count(2)
    await page.get_by_role("link", name="Clear filters").click()
    await page.get_by_label("Status").select_option("failed")
    await expect(rows(page)).to_have_text([re.compile("With a model that refuses")])
    await page.get_by_role("combobox", name="Model").fill("sim/quick")
    await page.get_by_role("combobox", name="Model").press("Enter")
    await expect(page.get_by_text("No matching comparisons")).to_be_visible()


async def test_older_sessions_load_while_scrolling(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await made(program, "Prompt 0")
        async with anyio.create_task_group() as tasks:
            for number in range(1, 60):
                tasks.start_soon(made, program, f"Prompt {number}")
    await page.goto(f"{visit.url}/history")
    await expect(rows(page)).not_to_have_count(0)
    await rows(page).last.scroll_into_view_if_needed()
    await expect(rows(page)).to_have_count(60)
    await expect(page.get_by_role("link", name="Prompt 0", exact=True)).to_have_count(1)


async def test_a_session_is_renamed_in_place(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [session_id] = await made(program, "Old title")
        await page.goto(f"{visit.url}/history")
        await page.get_by_role("button", name="Rename “Old title”").click()
        await page.get_by_role("textbox", name="Title").fill("  New title ")
        await page.keyboard.press("Enter")
        link = page.get_by_role("link", name="New title")
        await expect(link).to_be_focused()
        await page.keyboard.press("F2")
        await page.get_by_role("textbox", name="Title").fill("Not this one")
        await page.keyboard.press("Escape")
        await expect(link).to_be_visible()
        await page.reload()
        await expect(link).to_be_visible()
        assert (await program.session(session_id))["title"] == "New title"


async def test_a_deletion_can_be_undone(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        sessions = await made(program, "One", "Two", "Three")
        await page.goto(f"{visit.url}/history")
        await page.get_by_role("link", name="Three").focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("link", name="Two")).to_be_focused()
        await page.keyboard.press("Delete")
        await expect(rows(page)).to_have_count(2)
        await expect(page.get_by_role("link", name="One")).to_be_focused()
        await page.keyboard.press("Delete")
        await expect(page.get_by_text("Deleted 2 comparisons")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(rows(page)).to_have_count(3)
        await page.get_by_role("button", name="Delete “One”").click()
        await expect(rows(page)).to_have_count(2)
        await page.keyboard.press("Control+z")
        await expect(rows(page)).to_have_count(3)
        assert [await status(program, each) for each in sessions] == [200] * 3


async def test_a_deletion_that_is_not_undone_takes_place(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [session_id] = await made(program, "To be deleted")
        await page.goto(f"{visit.url}/history")
        await page.clock.install()
        async with page.expect_response(lambda response: response.request.method == "DELETE"):
            await page.get_by_role("button", name="Delete “To be deleted”").click()
            await expect(page.get_by_role("link", name="Compare models")).to_be_visible()
            assert await status(program, session_id) == 200
            await page.clock.run_for(10_000)
        assert await status(program, session_id) == 404
        await expect(page.get_by_role("button", name="Undo")).to_have_count(0)


async def test_closing_the_page_executes_pending_deletions(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [session_id, kept] = await made(program, "To be deleted", "To be kept")
        await page.goto(f"{visit.url}/history")
        await page.get_by_role("button", name="Delete “To be deleted”").click()
        await expect(rows(page)).to_have_count(1)
        await page.goto("about:blank")
        # The browser sends it after the page is gone; a new page shows what is left.
        while await status(program, session_id) != 404:
            await page.goto(f"{visit.url}/history")
        await page.goto(f"{visit.url}/history")
        await expect(rows(page)).to_have_count(1)
        assert await status(program, kept) == 200


async def test_logging_out_executes_pending_deletions(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [session_id] = await made(program, "To be deleted")
        await page.goto(f"{visit.url}/history")
        await page.get_by_role("button", name="Delete “To be deleted”").click()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Password")).to_be_visible()
        assert await status(program, session_id) == 404


async def test_the_list_keeps_its_scroll_position(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program, anyio.create_task_group() as tasks:
        for number in range(60):
            tasks.start_soon(made, program, f"Prompt {number}")
    await page.goto(f"{visit.url}/history")
    await expect(rows(page)).not_to_have_count(0)
    await rows(page).last.scroll_into_view_if_needed()
    await expect(rows(page)).to_have_count(60)
    link = rows(page).nth(54).get_by_role("link")
    title = await link.inner_text()
    await link.scroll_into_view_if_needed()
    await link.click()
    await expect(visit.lane(1)).to_contain_text("simulated answer")
    for back in (page.go_back, page.reload):
        await back()
        await expect(page.get_by_role("link", name=title, exact=True)).to_be_in_viewport()
    async with visit.as_program() as program:
        await made(program, "A newer one", "Another newer one")
    await page.reload()
    await expect(page.get_by_role("link", name=title, exact=True)).to_be_in_viewport()
