"""The palette of commands, and the sheet of keys."""

from playwright.async_api import expect

from .conftest import Visit


async def test_commands_are_found_by_typing_and_run_with_the_keyboard_only(visit: Visit) -> None:
    page = visit.page
    await visit.prompt.focus()
    await page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search commands and comparisons")
    await expect(field).to_be_focused()
    await page.keyboard.type("costs")
    await expect(page.get_by_role("option", selected=True)).to_contain_text("Go to costs")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{visit.url}/costs")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("theme dark")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("nothing is called like this")
    await expect(page.get_by_text("No results")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(field).to_have_count(0)


async def test_comparisons_are_found_by_their_words(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        [session, _] = [(await program.compare(prompt, ["sim/quick"]))[0].data["sessionId"] for prompt in ("Of apples", "Of pears")]
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("group", name="Recent comparisons").get_by_role("option")).to_have_count(2)
    await page.keyboard.type("apples")
    found = page.get_by_role("group", name="Comparisons", exact=True).get_by_role("option")
    await expect(found).to_have_count(1)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{visit.url}/s/{session}")


async def test_the_list_of_shortcuts_has_those_of_the_current_page(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/history")
    await expect(page.get_by_role("heading", name="History")).to_be_visible()
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    for title in ("Search commands and comparisons", "Search history", "Rename comparison", "Delete comparison"):
        await expect(sheet).to_contain_text(title)
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
