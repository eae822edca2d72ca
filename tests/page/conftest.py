"""The page in headless Chromium, before the real service: as somebody sees it, and uses it."""

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from playground.page.routes import BUILT
from playground.serving.server import RunningService

from ..clients.chromium import CHROMIUM
from ..clients.proxy import Proxy, proxy_to
from ..support.client import PASSWORD, User
from ..support.scripted import Exchange, Gate, ScriptedProvider

# The machine may be busy; a step that takes longer than this hangs.
expect.set_options(timeout=20_000)

_numbers = itertools.count()
LAN_NAME = "lab.test"
"""A name of the service in a local network, as the browser sees it: over plain http it is no secure context there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason="the page was not tested: there is no Chromium on PATH"))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    assert (BUILT / "index.html").is_file(), "The page is not built: run `make setup`."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1"]
        )
        yield browser
        await browser.close()


class Visit:
    """Somebody at the page, and what went wrong behind it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.email = f"page{next(_numbers)}@example.org"
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._refusals: set[str] = set()
        page.on("console", self._check_message)
        page.on("request", self._check_host)

    def expects_refusal(self, path: str) -> None:
        """The browser writes refused requests to its console; those to `path` are part of the test."""
        self._refusals.add(self.url + path)

    def _check_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"].partition("?")[0] not in self._refusals:
            self.errors.append(f"{message.text} {message.location['url']}")

    def _check_host(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.errors.append(f"A request left for another host: {request.url}")

    async def arrive(self) -> None:
        """A new account, logged in by cookie."""
        account = {"email": self.email, "password": PASSWORD, "name": "Ada", "cookie": True}
        response = await self.page.context.request.post(f"{self.url}/auth/register", data=account, headers={"Origin": self.url})
        assert response.status == 201, await response.text()
        # Once, before the page is there: to load it takes a third of a second of processor time.
        await self.page.add_init_script(
            "location.href === 'about:blank' || (sessionStorage.arrived ??= (localStorage.setItem('playground.loggedIn', true), true))"
        )
        await self.page.goto(self.url)
        await expect(self.page.get_by_role("button", name="Log out")).to_be_visible()

    async def register(self) -> None:
        """A new account, made on the page."""
        page = self.page
        await page.goto(self.url)
        await page.get_by_label("Name").fill("Ada")
        await page.get_by_label("Email").fill(self.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()

    @asynccontextmanager
    async def as_program(self) -> AsyncIterator[User]:
        """The same account, over HTTP."""
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as http:
            tokens = (await http.post("/auth/login", json={"email": self.email, "password": PASSWORD})).json()
            profile = await http.get("/users/me", headers={"Authorization": f"Bearer {tokens['accessToken']}"})
            yield User(http, {**tokens, "user": profile.json()})

    async def compare(self, prompt: str, *models: str) -> None:
        """Opens a link to the models, and sends the prompt."""
        await self.page.goto(f"{self.url}/?models={','.join(models)}")
        await self.prompt.fill(prompt)
        await self.prompt.press("Enter")
        await self.page.wait_for_url("**/s/*")

    @property
    def prompt(self) -> Any:
        return self.page.get_by_role("textbox", name="Prompt")

    def lane(self, number: int) -> Any:
        """The lane in that place, from 1."""
        return self.page.get_by_role("region", name=re.compile(rf"^Lane {number}:"))


async def until(page: Page, expression: str) -> None:
    """Waits in the page until that is so. (Playwright's own `wait_for_function` is eval, which the page's policy forbids.)"""
    await page.evaluate(f"new Promise((end) => {{ const look = () => (({expression}) ? end() : requestAnimationFrame(look)); look() }})")


@asynccontextmanager
async def visiting(browser: Browser, url: str, **options: Any) -> AsyncIterator[Visit]:
    context: BrowserContext = await browser.new_context(**options)
    visit = Visit(await context.new_page(), url)
    try:
        yield visit
    finally:
        await context.close()


@pytest.fixture
async def newcomer(browser: Browser, service: RunningService) -> AsyncIterator[Visit]:
    """Somebody who comes for the first time."""
    async with visiting(browser, service.url, viewport={"width": 1440, "height": 900}) as visit:
        yield visit
    assert visit.errors == []


@pytest.fixture
async def visit(newcomer: Visit) -> Visit:
    """Somebody with an account."""
    await newcomer.arrive()
    return newcomer


@pytest.fixture
async def proxy(service: RunningService) -> AsyncIterator[Proxy]:
    async with proxy_to(service.url) as proxy:
        yield proxy


class HeldAnswer:
    """A model that stops in the middle of its answer until the gate opens."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.gate = Gate()
        self.model = scripted.model(self._write)

    async def _write(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one ", "two ")
        await self.gate.wait()
        await exchange.write("three ", "four")
        await exchange.end(3, 4)


@pytest.fixture
def held(scripted: ScriptedProvider) -> HeldAnswer:
    return HeldAnswer(scripted)
