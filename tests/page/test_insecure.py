"""The page over plain http under a name in a local network, where browsers withhold the APIs of secure contexts."""

import itertools
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from playground.serving.server import RunningService

from ..support.client import PASSWORD
from .conftest import LAN_NAME, HeldAnswer, Visit, visiting

_numbers = itertools.count()


@pytest.fixture
async def lan_visit(browser: Browser, service: RunningService) -> AsyncIterator[Visit]:
    """Somebody who logged in there."""
    url = service.url.replace("127.0.0.1", LAN_NAME)
    async with visiting(browser, url, viewport={"width": 1440, "height": 900}) as visit:
        visit.email = f"lan{next(_numbers)}@example.org"
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            registered = await http.post("/auth/register", json={"email": visit.email, "password": PASSWORD, "name": "Ada"})
            assert registered.status_code == 201, registered.text
        page = visit.page
        await page.goto(url)
        assert await page.evaluate("[isSecureContext, typeof crypto.randomUUID, typeof navigator.locks, typeof navigator.clipboard]") == [
            False,
            "undefined",
            "undefined",
            "undefined",
        ]
        await page.get_by_role("button", name="Log in").first.click()
        await page.get_by_label("Email").fill(visit.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_label("Password").press("Enter")
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()
        yield visit
    # A header that means nothing there; over https it is wanted.
    assert [error for error in visit.errors if "Cross-Origin-Opener-Policy header has been ignored" not in error] == []


async def pasted(page: Page, visit: Visit) -> str:
    """What the browser's clipboard has, as its user sees it."""
    await visit.prompt.fill("")
    await visit.prompt.press("Control+v")
    text: str = await visit.prompt.input_value()
    return text


async def test_a_comparison_runs_and_the_login_lasts_over_reloads(lan_visit: Visit) -> None:
    page = lan_visit.page
    await lan_visit.compare("What is a monad?", "sim/quick")
    await expect(lan_visit.lane(1)).to_contain_text("simulated answer")
    for _ in range(3):
        await page.reload()
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()
        await expect(lan_visit.lane(1)).to_contain_text("simulated answer")


async def test_answers_code_and_links_are_copied(lan_visit: Visit, held: HeldAnswer) -> None:
    page = lan_visit.page
    held.gate.open()
    await lan_visit.compare("Count", held.model)
    await expect(lan_visit.lane(1)).to_contain_text("Done")
    copy = lan_visit.lane(1).get_by_role("button", name="Copy answer")
    await copy.click()
    await expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    await expect(copy).to_be_focused()
    assert await pasted(page, lan_visit) == "one two three four"
    await page.get_by_role("button", name="New comparison").click()
    await page.get_by_role("button", name="Sets").click()
    # Only what is in the open dialog can be selected.
    await page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    await expect(page.get_by_text("Link copied")).to_be_visible()
    await page.keyboard.press("Escape")
    assert await pasted(page, lan_visit) == page.url


async def test_two_tabs_that_load_at_once_both_stay_logged_in(lan_visit: Visit) -> None:
    other = await lan_visit.page.context.new_page()
    for _ in range(3):
        for page in (lan_visit.page, other):
            await page.goto(lan_visit.url, wait_until="commit")
        for page in (lan_visit.page, other):
            await expect(page.get_by_role("button", name="Log out")).to_be_visible()


async def test_copying_that_the_browser_refuses_says_what_to_do(lan_visit: Visit, held: HeldAnswer) -> None:
    page = lan_visit.page
    held.gate.open()
    await page.add_init_script("document.execCommand = () => false")
    await lan_visit.compare("Count", held.model)
    await expect(lan_visit.lane(1)).to_contain_text("Done")
    await lan_visit.lane(1).get_by_role("button", name="Copy answer").click()
    await expect(page.get_by_text("Select the text and copy it with the keyboard")).to_be_visible()
