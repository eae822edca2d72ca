"""Lanes as columns: moved, folded, alone, on a phone, and by the keyboard alone."""

from playwright.async_api import Browser, Page, expect

from playground.serving.server import RunningService

from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Visit, visiting

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def names(page: Page) -> list[str]:
    return await page.locator(".lanes section h2").all_inner_texts()


async def test_everything_can_be_done_with_the_keyboard_only(newcomer: Visit) -> None:
    visit, page = newcomer, newcomer.page
    keyboard = page.keyboard
    await page.goto(visit.url)
    await expect(page.get_by_label("Name")).to_be_visible()
    while await page.evaluate("document.activeElement.autocomplete !== 'name'"):
        await keyboard.press("Tab")
    for text in ("Ada", "keys@example.org", "correct horse battery staple"):
        await keyboard.type(text)
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Choose models")).to_be_visible()

    # The prompt has the focus; Escape leaves it to the keys of the page.
    await expect(visit.prompt).to_be_focused()
    await keyboard.press("Escape")
    await keyboard.press("m")
    for model in ("quick", "careful"):
        await keyboard.type(model)
        await expect(page.get_by_role("option")).to_have_count(1)
        await keyboard.press("Enter")
        await keyboard.press("ControlOrMeta+a")
    await keyboard.press("Escape")
    await expect(visit.prompt).to_be_focused()
    await keyboard.type("Hello")
    await keyboard.press("Shift+Enter")
    await keyboard.type("world")
    await keyboard.press("Enter")
    await page.wait_for_url("**/s/*")
    await expect(visit.lane(2)).to_contain_text("Done")
    await expect(visit.lane(1)).to_contain_text("Hello world")

    await keyboard.press("Escape")
    await keyboard.press("]")
    await expect(visit.lane(1)).to_be_focused()
    await keyboard.press("Alt+ArrowRight")
    assert await names(page) == ["careful", "quick"]
    await keyboard.press("c")
    await expect(page.get_by_role("button", name="Expand quick")).to_be_visible()
    await keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await keyboard.press("Escape")
    await keyboard.press("n")
    await page.wait_for_url(lambda url: "/s/" not in url)


async def test_a_lane_is_moved_by_dragging_and_made_wider_at_its_edge(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/?models=sim/quick,sim/careful,sim/verbose")
    handle = page.get_by_role("button", name="Move quick")
    await handle.hover()
    await page.mouse.down()
    box = await visit.lane(3).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 10, box["y"] + 20, steps=5)
    await page.mouse.up()
    assert await names(page) == ["careful", "verbose", "quick"]

    await page.get_by_role("separator", name="Width of careful").focus()
    before = await visit.lane(1).bounding_box()
    await page.keyboard.press("Shift+ArrowRight")
    after = await visit.lane(1).bounding_box()
    assert before is not None
    assert after is not None
    assert round(after["width"] - before["width"]) == 100

    # The handle reaches over the next lane.
    await page.mouse.move(after["x"] + after["width"] + 2, after["y"] + 200)
    await page.mouse.down()
    await page.mouse.move(after["x"] + after["width"] + 42, after["y"] + 200, steps=3)
    await page.mouse.up()
    dragged = await visit.lane(1).bounding_box()
    assert dragged is not None
    assert round(dragged["width"] - after["width"]) == 40


async def test_a_lane_is_maximized_and_escape_restores_the_others(visit: Visit) -> None:
    await visit.compare("Hello", "sim/quick", "sim/careful")
    await visit.page.get_by_role("button", name="Maximize careful").click()
    assert await names(visit.page) == ["careful"]
    await visit.page.get_by_role("heading", name="careful").click()
    await visit.page.keyboard.press("Escape")
    assert await names(visit.page) == ["quick", "careful"]


async def test_the_end_is_kept_in_sight_until_the_reader_scrolls_up(visit: Visit, scripted: ScriptedProvider) -> None:
    gates = [Gate(), Gate()]

    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        for gate in gates:
            await exchange.write(*["A line.\n\n"] * 40, "A mark.\n\n")
            await gate.wait()
        await exchange.write(*["A line.\n\n"] * 40, "The end.")
        await exchange.end(3, 100)

    model = scripted.model(write)
    await visit.compare("Write", model)
    scroller = visit.lane(1).get_by_role("group", name=f"Answers from {model}")
    await expect(visit.lane(1).get_by_text("A mark.").nth(0)).to_be_in_viewport()
    gates[0].open()
    await expect(visit.lane(1).get_by_text("A mark.").nth(1)).to_be_in_viewport()
    await scroller.hover()
    await visit.page.mouse.wheel(0, -600)
    to_end = visit.lane(1).get_by_role("button", name="Jump to latest")
    await expect(to_end).to_be_visible()
    place = await scroller.evaluate("(element) => element.scrollTop")
    gates[1].open()
    await expect(visit.lane(1).get_by_text("The end.")).to_be_attached()
    assert await scroller.evaluate("(element) => element.scrollTop") == place


async def test_on_a_phone_one_lane_is_visible_at_a_time_and_tabs_lead_to_the_others(browser: Browser, service: RunningService) -> None:
    async with visiting(browser, service.url, **PHONE) as visit:
        await visit.arrive()
        await visit.compare("Hello", "sim/quick", "sim/careful", "sim/reasoner")
        await expect(visit.lane(1)).to_be_in_viewport(ratio=0.5)
        await expect(visit.lane(2)).not_to_be_in_viewport()
        tabs = visit.page.get_by_role("navigation", name="Lanes")
        await tabs.get_by_role("button", name="reasoner").tap()
        await expect(visit.lane(3)).to_be_in_viewport(ratio=0.5)
        await expect(tabs.get_by_role("button", name="reasoner")).to_have_attribute("aria-current", "true")
        await expect(visit.lane(3)).to_contain_text("Done")
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.errors == []
