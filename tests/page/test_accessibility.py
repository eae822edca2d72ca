"""No page breaks a rule of axe, in either theme."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from playground.files import CHECKOUT
from playground.serving.server import RunningService

from .conftest import until, visiting

AXE = CHECKOUT / "web" / "node_modules" / "axe-core" / "axe.min.js"


async def violations(page: Page) -> list[dict[str, Any]]:
    # Colours fade in and out: what is measured is where they end.
    await until(page, "document.getAnimations().every((animation) => animation.playState !== 'running')")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    # All rules are looked at; but of what keeps them, not every element is told, which takes a tenth of the time.
    found = await page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)")
    return [
        {"rule": each["id"], "help": each["help"], "nodes": [node["html"][:200] + node["failureSummary"] for node in each["nodes"]]}
        for each in found
    ]


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
async def test_no_page_violates_a_rule_of_axe(browser: Browser, service: RunningService, theme: Any, width: int) -> None:
    async with visiting(
        browser, service.url, color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    ) as visit:
        page = visit.page
        found = {}
        await page.goto(visit.url)
        await expect(page.get_by_label("Name")).to_be_visible()
        found["entrance"] = await violations(page)
        await visit.register()
        found["start"] = await violations(page)
        await page.get_by_role("button", name="Choose models").click()
        await expect(page.get_by_role("option").first).to_be_visible()
        await page.get_by_role("option").first.click()
        found["models"] = await violations(page)
        await page.get_by_role("button", name="Done").click()
        await page.get_by_role("button", name="Parameters for").click()
        found["parameters"] = await violations(page)
        await page.keyboard.press("Escape")
        await page.get_by_title("Saved presets").click()
        found["sets"] = await violations(page)
        await page.keyboard.press("Escape")
        await visit.prompt.fill("Hello, with code and a table")
        await expect(page.locator("output")).to_contain_text("simulated")
        found["draft"] = await violations(page)
        await visit.compare("Hello, with code and a table", "sim/careful", "sim/reasoner", "sim/refuses", "sim/cuts-off", "sim/hangs")
        for number in (1, 2):
            await expect(visit.lane(number)).to_contain_text("Done")
        await visit.lane(2).locator("summary", has_text="Thinking").click()
        found["running"] = await violations(page)
        await page.get_by_role("button", name="Stop all").click()
        await expect(page.get_by_role("button", name="Stop all")).to_have_count(0)
        found["over"] = await violations(page)
        await page.get_by_role("heading", name="careful").click()
        await page.keyboard.press("?")
        found["keys"] = await violations(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Tokens over time").click()
        await expect(page.get_by_role("img", name="Tokens over time")).to_be_visible()
        found["tokens over time"] = await violations(page)
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("option").last).to_be_visible()
        found["palette"] = await violations(page)
        await page.keyboard.type("nothing is called that")
        await expect(page.get_by_role("option")).to_have_count(0)
        found["palette without a hit"] = await violations(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="Differences").click()
        for view in ("Side by side", "Inline"):
            await page.get_by_role("button", name=view).click()
            await expect(page.get_by_role("region", name="Differences").locator("ins").first).to_be_visible()
            found[f"differences, {view}"] = await violations(page)
        places = {
            "/history": page.locator("[data-session]").first,
            "/costs": page.get_by_role("img"),
            "/costs?from=2020-01-01&to=2020-01-31": page.get_by_text("No usage in this period."),
            "/account/profile": page.get_by_label("Username"),
            "/account/security": page.get_by_text("This device"),
            "/account/api-keys": page.get_by_text("You have no API keys."),
            "/account/provider-keys": page.get_by_role("button", name="Add key").first,
            "/account/usage": page.get_by_text("Turns today"),
            "/account/data": page.get_by_role("button", name="Delete account"),
            "/forgot-password": page.get_by_label("Email"),
            "/reset-password": page.get_by_label("Code"),
            "/nowhere": page.get_by_role("heading", level=1),
        }
        for path, sign in places.items():
            await page.goto(visit.url + path)
            await expect(sign).to_be_visible()
            found[path] = await violations(page)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
        await page.goto(f"{visit.url}/account/data")
        await page.get_by_role("button", name="Delete account").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        found["deleting the account"] = await violations(page)
        told = [f"{place}: {each['rule']} ({each['help']}) {each['nodes']}" for place, broken in found.items() for each in broken]
        assert not told, "\n".join(told)
