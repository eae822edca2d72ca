"""Comparing on the page: from the first account to the end of a turn, and what can come between."""

import re

from playwright.async_api import Browser, Page, expect

from playground.serving.server import RunningService

from ..clients.proxy import Proxy
from ..support.client import PASSWORD
from .conftest import HeldAnswer, Visit, until, visiting


async def summary_of(page: Page) -> str:
    summary = page.get_by_role("region", name="Summary of turn 1")
    await expect(summary).to_contain_text("simulated")
    return await summary.inner_text()


async def test_the_first_visit_creates_an_account_and_runs_a_sample_comparison_with_one_click(newcomer: Visit) -> None:
    page = newcomer.page
    await newcomer.register()
    await page.get_by_role("button", name="Run a sample comparison").click()
    for number, model in enumerate(("quick", "careful", "reasoner"), 1):
        lane = newcomer.lane(number)
        await expect(lane.get_by_role("heading", name=model, exact=True)).to_be_visible()
        await expect(lane).to_contain_text("Done")
        await expect(lane.locator(".markdown").last).to_contain_text("simulated answer")
    text = await summary_of(page)
    for title in ("Fastest first token", "Fastest overall", "Cheapest", "Longest", "Total cost"):
        assert title in text


async def test_the_login_lasts_over_a_reload_and_ends_with_logging_out(visit: Visit) -> None:
    await visit.page.reload()
    await expect(visit.page.get_by_role("button", name="Run a sample comparison")).to_be_visible()
    await visit.page.get_by_role("button", name="Log out").click()
    await expect(visit.page.get_by_role("button", name="Log in").last).to_be_visible()
    await visit.page.reload()
    await expect(visit.page.get_by_label("Password")).to_be_visible()


async def test_models_are_chosen_by_search_and_compared_and_retried(visit: Visit) -> None:
    page = visit.page
    await page.get_by_role("button", name="Choose models").click()
    search = page.get_by_role("combobox", name="Search models")
    for name in ("quick", "verbose", "quick"):
        await search.fill(name)
        await expect(page.get_by_role("option")).to_have_count(1)
        await search.press("Enter")
    await page.get_by_role("button", name="Done").click()
    await expect(page).to_have_url(re.compile(r"lane=sim/quick&lane=sim/verbose&lane=sim/quick$"))
    await visit.prompt.fill("What is a monad?")
    await expect(page.get_by_role("status").or_(page.locator("output"))).to_contain_text(["simulated"])
    await visit.prompt.press("Enter")
    await page.wait_for_url("**/s/*")
    for number in (1, 2, 3):
        await expect(visit.lane(number)).to_contain_text("Done")
    await expect(visit.lane(3).get_by_role("heading", name="quick 2")).to_be_visible()

    await visit.prompt.fill("And a functor?")
    await visit.prompt.press("Enter")
    for number in (1, 2, 3):
        await expect(visit.lane(number).get_by_role("article", name="Turn 2").locator(".markdown").last).to_contain_text("simulated answer")
        await expect(visit.lane(number).get_by_role("article", name="Turn 1")).to_be_attached()


async def test_one_lane_is_stopped_and_keeps_its_text_while_the_other_continues(visit: Visit, held: HeldAnswer) -> None:
    await visit.compare("Count", held.model, held.model)
    for number in (1, 2):
        await expect(visit.lane(number)).to_contain_text("one two")
    await visit.lane(1).get_by_role("button", name="Stop").click()
    await expect(visit.lane(1)).to_contain_text("Stopped")
    await expect(visit.lane(2)).to_contain_text("Streaming")
    held.gate.open()
    await expect(visit.lane(2)).to_contain_text("one two three four")
    await expect(visit.lane(2)).to_contain_text("Done")
    await expect(visit.lane(1)).not_to_contain_text("three")


async def test_all_lanes_are_stopped_at_once(visit: Visit, held: HeldAnswer) -> None:
    await visit.compare("Count", held.model, "sim/hangs")
    await expect(visit.lane(1)).to_contain_text("two")
    await visit.page.get_by_role("button", name="Stop all").click()
    for number in (1, 2):
        await expect(visit.lane(number)).to_contain_text("Stopped")
    held.gate.open()


async def test_a_failed_lane_shows_why_and_whether_a_retry_helps_while_two_others_succeed(visit: Visit) -> None:
    page = visit.page
    await visit.compare("Hello", "sim/quick", "sim/refuses", "sim/cuts-off", "sim/careful")
    await expect(visit.lane(1)).to_contain_text("Done")
    await expect(visit.lane(4)).to_contain_text("Done")
    refused, broken = visit.lane(2), visit.lane(3)
    await expect(refused).to_contain_text("The provider refused the content")
    await expect(refused).to_contain_text("choose another model")
    await expect(refused.get_by_role("button", name="Retry")).to_have_count(0)
    await expect(broken).to_contain_text("Connection lost mid-answer")
    before = page.url
    await broken.get_by_role("button", name="Retry").click()
    await page.wait_for_url(lambda url: "/s/" in url and url != before)
    await expect(visit.lane(1).get_by_role("heading", name="cuts-off")).to_be_visible()
    await expect(visit.lane(2)).to_have_count(0)


async def test_a_model_that_fails_at_first_is_seen_waiting_and_then_answers(visit: Visit) -> None:
    await visit.compare("one", "sim/flaky", "sim/quick")
    await expect(visit.lane(1)).to_contain_text("Done")


async def test_a_reload_in_mid_run_joins_it_again(visit: Visit, held: HeldAnswer) -> None:
    await visit.compare("Count", held.model, "sim/quick")
    await expect(visit.lane(1)).to_contain_text("one two")
    await visit.page.reload()
    await expect(visit.lane(1)).to_contain_text("one two")
    await expect(visit.lane(1)).to_contain_text("Streaming")
    held.gate.open()
    await expect(visit.lane(1).locator(".markdown")).to_have_text("one two three four")
    await expect(visit.lane(1)).to_contain_text("Done")


async def test_a_lost_connection_is_reported_and_resumed(browser: Browser, service: RunningService, proxy: Proxy, held: HeldAnswer) -> None:
    async with visiting(browser, proxy.url) as visit:
        await visit.arrive()
        await visit.compare("Count", held.model)
        await expect(visit.lane(1)).to_contain_text("one two")
        notice = visit.page.get_by_text("Connection lost")
        async with visit.page.expect_request("**/stream") as resumed:
            proxy.cut()
            await expect(notice).to_be_visible()
        assert re.fullmatch(r"\w+:\d+", (await resumed.value).headers["last-event-id"])
        await expect(notice).to_have_count(0)
        held.gate.open()
        await expect(visit.lane(1).locator(".markdown")).to_have_text("one two three four")
        await expect(visit.lane(1)).to_contain_text("Done")


async def test_an_expired_login_is_requested_again_and_nothing_typed_is_lost(newcomer: Visit) -> None:
    visit, page = newcomer, newcomer.page
    await visit.register()
    await page.goto(f"{visit.url}/?models=sim/quick")
    await visit.prompt.fill("Do not lose this")
    for path in ("**/playground/**", "**/auth/refresh"):
        await page.route(path, lambda route: route.fulfill(status=401, json={"type": "urn:playground:problem:not_authenticated"}))
    await visit.prompt.press("Enter")
    dialog = page.get_by_role("dialog", name="Log in again")
    await expect(dialog).to_be_visible()
    await page.unroute_all()
    await dialog.get_by_label("Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in", exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(visit.prompt).to_have_value("Do not lose this")
    await visit.prompt.press("Enter")
    await expect(visit.lane(1)).to_contain_text("Done")
    visit.errors[:] = [error for error in visit.errors if "401" not in error]


async def test_what_is_typed_and_chosen_survives_a_reload(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/?lane=sim/quick|temperature%3D0.2&all=maxTokens%3D50")
    await expect(visit.lane(1)).to_contain_text("temperature 0.2 · max 50 tokens")
    await visit.prompt.fill("Half a thou")
    await until(page, "localStorage.getItem('playground.drafts')?.includes('thou')")
    await page.goto(visit.url)
    await expect(visit.prompt).to_have_value("Half a thou")
    await expect(visit.lane(1)).to_contain_text("temperature 0.2")


async def test_a_preset_is_saved_and_opened(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/?models=sim/quick,sim/careful")
    await page.get_by_role("button", name="Sets").click()
    await page.get_by_placeholder("Name").fill("Two")
    await page.get_by_role("button", name="Save").click()
    await page.keyboard.press("Escape")
    for name in ("sim/quick", "sim/careful"):
        await page.get_by_role("button", name=f"Remove {name}").click()
    await expect(visit.lane(1)).to_have_count(0)
    await page.get_by_role("button", name="Sets").click()
    await page.get_by_role("button", name="Two").first.click()
    await expect(visit.lane(2)).to_be_visible()


async def test_a_missing_comparison_is_reported(visit: Visit) -> None:
    await visit.page.goto(f"{visit.url}/s/nothing")
    await expect(visit.page.get_by_text("Comparison not found")).to_be_visible()
    visit.errors[:] = [error for error in visit.errors if "404" not in error]
