"""Differences of two answers on the page, and how the tokens of a turn came."""

from playwright.async_api import expect

from ..support.scripted import Exchange, Script, ScriptedProvider
from .conftest import Visit


def saying(text: str) -> Script:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*text.splitlines(keepends=True))
        await exchange.end(1, 1)

    return answer


async def test_two_answers_are_compared_by_word(visit: Visit, scripted: ScriptedProvider) -> None:
    page = visit.page
    one = scripted.model(saying("A cook calls a smaller cook.\n\nThe end <b>comes</b> early."))
    other = scripted.model(saying("A cook calls the same cook.\n\nThe end <b>comes</b> late."))
    await visit.compare("Recursion?", one, other, one)
    await page.get_by_role("link", name="Differences").click()
    await expect(page).to_have_url(f"{visit.url}{await page.evaluate('location.pathname')}")
    shown = page.get_by_role("region", name="Differences")
    await expect(shown.locator("del")).to_have_text(["only left: a smaller, ", "only left: early, "])
    await expect(shown.locator("ins")).to_have_text(["only right: the same, ", "only right: late, "])
    await expect(shown).to_contain_text("The end <b>comes</b>")
    await expect(page.get_by_text("% identical", exact=False).first).to_be_visible()

    await page.keyboard.press("i")
    await expect(page.get_by_role("button", name="Inline")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("s")
    await expect(shown.locator("del")).to_have_text(["only left: the same, ", "only left: late, "])
    await page.reload()
    await expect(shown.locator("del")).to_have_text(["only left: the same, ", "only left: late, "])
    await page.get_by_label("Left answer").select_option(label=f"{one} #1")
    await page.get_by_label("Right answer").select_option(label=f"{one} #2")
    await expect(page.get_by_text("Identical").first).to_be_visible()
    await page.keyboard.press("Escape")
    await page.wait_for_url("**/s/*")
    await expect(visit.lane(1)).to_contain_text("smaller cook")


async def test_long_answers_are_compared_while_the_page_stays_responsive(visit: Visit, scripted: ScriptedProvider) -> None:
    page = visit.page
    texts = ["".join(f"Line {line} has {word}{line * 7919 % 1009} in it.\n" for line in range(4_000)) for word in ("x", "y")]
    await visit.compare("At length", *(scripted.model(saying(text)) for text in texts))
    await page.get_by_role("link", name="Differences").click()
    # Every frame in which the page was held up for long, from now on.
    await page.evaluate(
        "new PerformanceObserver((list) => (window.held = list.getEntries().map((each) => each.duration)))"
        ".observe({ type: 'longtask' }); window.held = []"
    )
    shown = page.get_by_role("region", name="Differences")
    await expect(shown.locator("ins").first).to_be_visible()
    assert await shown.locator("[data-differs]").count() < 1_000
    await shown.evaluate("(region) => region.scrollTo(0, region.scrollHeight)")
    await expect(shown.locator("[data-differs]").nth(300)).to_be_attached()
    assert max(await page.evaluate("window.held"), default=0) < 1_000


async def test_a_session_with_one_answer_has_nothing_to_compare(visit: Visit) -> None:
    page = visit.page
    await visit.compare("Alone", "sim/quick")
    await expect(visit.lane(1)).to_contain_text("Done")
    await expect(page.get_by_role("link", name="Differences")).to_have_count(0)
    await page.goto(f"{page.url}/differences")
    await expect(page.get_by_text("At least two answers")).to_be_visible()


async def test_when_a_turn_is_over_its_tokens_are_shown_over_time(visit: Visit) -> None:
    page = visit.page
    await visit.compare("How fast?", "sim/quick", "sim/careful")
    await page.get_by_role("button", name="Tokens over time").click()
    await expect(page.get_by_role("img", name="Tokens over time, by lane")).to_be_visible()
    table = page.get_by_role("table", name="Tokens over time, by lane")
    await expect(table.get_by_role("columnheader")).to_have_text(["Seconds", "quick", "careful"])
    counts = [int(cell.replace(",", "")) for cell in await table.get_by_role("row").last.get_by_role("cell").all_inner_texts()]
    assert all(count > 1 for count in counts)
