"""Costs on the page: real money, unknown prices and the simulator's apart; as a chart, a table and a file."""

import csv
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Visit


def figures(page: Page, row: str) -> Locator:
    return page.get_by_role("row", name=row).get_by_role("cell")


async def test_money_unknown_prices_and_simulated_costs_are_separate(visit: Visit, scripted: ScriptedProvider, tmp_path: Path) -> None:
    page = visit.page

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("words")
        await exchange.end(1_000_000, 500_000)

    priced, unpriced = scripted.model(answer), scripted.model(answer, priced=False)
    async with visit.as_program() as program:
        await program.compare("What does it cost?", [priced, unpriced, "sim/quick"])
        await program.compare("And again?", [priced])
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Costs").click()
    await expect(page.locator(".totals")).to_contain_text("$4.00")
    await expect(page.locator(".totals")).to_contain_text("+ 1 answer with unknown price")
    # Turns, answers, input, output, cost, unknown, simulated.
    await expect(figures(page, "Total").nth(4)).to_have_text("$4.00")
    await expect(figures(page, "Total").nth(0)).to_have_text("2")
    await expect(figures(page, "Total").nth(1)).to_have_text("4")
    await expect(figures(page, "Total").nth(5)).to_have_text("1")
    await expect(figures(page, "Total").nth(6)).not_to_have_text("$4.00")
    await expect(page.get_by_role("img", name="Cost by day and model")).to_be_visible()
    await expect(page.locator(".legend")).to_contain_text(priced)
    await expect(page.locator(".legend")).not_to_contain_text("sim/quick")

    await page.get_by_role("button", name="Model", exact=True).click()
    await expect(figures(page, priced).nth(4)).to_have_text("$4.00")
    await expect(figures(page, unpriced).nth(4)).to_have_text("unknown")
    await expect(figures(page, "sim/quick").nth(4)).to_have_text("–")
    await page.get_by_role("button", name="Simulated").click()
    await expect(page.locator(".legend")).to_contain_text("sim/quick")
    await expect(page.locator(".legend")).not_to_contain_text(priced)

    async with page.expect_download() as download:
        await page.get_by_role("button", name="CSV").click()
    path = tmp_path / "costs.csv"
    await (await download.value).save_as(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = {line["model"]: line for line in csv.DictReader(file)}
    assert lines[priced]["cost_usd"] == "4"
    assert lines[unpriced]["cost_usd"] == ""


async def test_the_url_has_the_selected_view(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/costs?from=2026-01-01&to=2026-01-31&by=provider")
    await expect(page.get_by_text("No usage in this period.")).to_be_visible()
    await expect(page.get_by_label("From")).to_have_value("2026-01-01")
    await expect(page.get_by_role("button", name="Provider")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Month", exact=True).click()
    await expect(page).to_have_url(f"{visit.url}/costs?from=2026-01-01&to=2026-01-31&by=month")
    await expect(page.get_by_role("checkbox", name="All users")).to_have_count(0)


async def test_a_failed_report_shows_why_and_can_be_retried(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/reports/costs")
    problem = {"type": "urn:playground:problem:database_away", "detail": "The database is away for a moment."}
    await page.route("**/reports/costs?*", lambda route: route.fulfill(status=503, json=problem))
    await page.goto(f"{visit.url}/costs")
    await expect(page.get_by_role("alert")).to_contain_text("The database is away for a moment.")
    await page.unroute("**/reports/costs?*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("No usage in this period.")).to_be_visible()


async def test_a_browser_that_does_not_know_its_zone_sees_days_in_utc(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await program.compare("Hi", ["sim/quick"])
    await page.add_init_script(
        "const known = Intl.DateTimeFormat.prototype.resolvedOptions;"
        "Intl.DateTimeFormat.prototype.resolvedOptions = function () { return { ...known.call(this), timeZone: 'Etc/Unknown' } }"
    )
    await page.goto(f"{visit.url}/costs")
    await expect(page.get_by_text("Your browser's time zone is unknown. Days are in UTC.")).to_be_visible()
    await expect(page.get_by_role("row", name="Total")).to_be_visible()
