"""One's account on the page: profile, password, devices, keys, usage, and the way out."""

import zipfile
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from playground.serving.server import RunningService

from ..accounts.conftest import Outbox, token_in
from ..clients.proxy import Proxy
from ..support.client import PASSWORD
from ..support.process import until
from .conftest import Visit, visiting

NEW_PASSWORD = "another horse, another battery"


@pytest.fixture(scope="session")
def outbox(service: RunningService) -> Outbox:
    return Outbox(service.settings.data_dir / "outbox")


async def test_the_profile_is_changed_and_says_what_can_not_be(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/users/me")
    await page.get_by_role("link", name="Your account").click()
    await page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    username = f"ada-{visit.email.partition('@')[0]}"
    await page.get_by_label("Username").fill("no blanks")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Username").fill(username)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Profile saved")).to_be_visible()
    await expect(page.get_by_role("link", name="Your account")).to_contain_text("Ada Lovelace")
    await page.reload()
    await expect(page.get_by_label("Username")).to_have_value(username)


async def test_the_theme_is_stored_in_the_account(browser: Browser, visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/account/profile")
    async with page.expect_response("**/users/me"):
        await page.get_by_role("radio", name="Dark").check()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    async with visiting(browser, visit.url) as elsewhere:
        await elsewhere.page.goto(visit.url)
        await elsewhere.page.get_by_role("button", name="Log in").first.click()
        await elsewhere.page.get_by_label("Email").fill(visit.email)
        await elsewhere.page.get_by_label("Password").fill(PASSWORD)
        await elsewhere.page.get_by_label("Password").press("Enter")
        await expect(elsewhere.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_password_is_changed_and_other_devices_are_logged_out(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/users/me/password")
    async with visit.as_program() as program:
        await page.goto(f"{visit.url}/account/security")
        devices = page.get_by_role("listitem").filter(has_text="127.0.0.1")
        await expect(devices).to_have_count(2)
        await expect(devices.first).to_contain_text("Chromium on Linux")
        await expect(devices.first).to_contain_text("This device")
        await page.get_by_label("Current password").fill("not the password")
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("Password changed")).to_be_visible()
        await expect(devices).to_have_count(1)
        assert (await program.http.get("/users/me")).status_code == 401
    await page.reload()
    await expect(page.get_by_label("Current password")).to_be_visible()


async def test_a_device_is_logged_out(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await page.goto(f"{visit.url}/account/security")
        await page.get_by_role("button", name="Log out python-httpx").click()
        await expect(page.get_by_text("Logged out python-httpx")).to_be_visible()
        assert (await program.http.get("/users/me")).status_code == 401


async def test_a_page_that_is_closed_while_its_login_is_renewed_leaves_the_login_whole(browser: Browser, proxy: Proxy) -> None:
    async with visiting(browser, proxy.url) as visit:
        await visit.arrive()
        context = visit.page.context
        await visit.page.close()
        before, renewal = await context.cookies(), proxy.hold(b"POST /auth/refresh ")
        closed = await context.new_page()
        await closed.goto(proxy.url)
        await renewal.arrived.wait()
        await closed.close()
        page = await context.new_page()  # It takes the browser as long as to break off what the closed one asked for.
        renewal.over.set()

        async def renewed() -> bool:
            return await context.cookies() != before

        await until(renewed)
        await page.goto(proxy.url)
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()


async def test_an_api_key_is_shown_once_and_opens_the_service_until_it_is_revoked(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/account/api-keys")
    await expect(page.get_by_text("You have no API keys.")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Nightly")
    await page.get_by_label("List models").uncheck()
    await page.get_by_role("button", name="Create key").click()
    made = page.get_by_role("dialog", name="Your new API key")
    key = (await made.locator("code").inner_text()).strip()
    async with httpx.AsyncClient(base_url=visit.url, headers={"X-API-Key": key}) as script:
        assert (await script.get("/playground/sessions")).status_code == 200
        assert (await script.get("/models")).status_code == 403
        # It is not lost by a click beside it.
        await page.keyboard.press("Escape")
        await expect(made).to_be_visible()
        await made.get_by_role("button", name="Done").click()
        entry = page.get_by_role("listitem").filter(has_text="Nightly")
        await expect(entry).to_contain_text("Compare models, Read comparisons")
        assert key not in await page.content()
        await entry.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("You have no API keys.")).to_be_visible()
        assert (await script.get("/playground/sessions")).status_code == 401


async def test_a_key_for_a_provider_is_stored_tested_and_deleted(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/users/me/provider-keys/openai")
    await page.goto(f"{visit.url}/account/provider-keys")
    await page.get_by_role("button", name="Add key for OpenAI").click()
    await page.get_by_label("API key", exact=True).fill("short")
    await page.get_by_role("button", name="Save and test").click()
    await expect(page.get_by_label("API key", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("API key", exact=True).fill("sk-test-0123456789abcd")
    # What the provider says is another test's: here nobody may ask it.
    said = {"works": False, "code": "wrong_key", "message": "OpenAI does not take this key.", "models": None}
    await page.route("**/provider-keys/openai/test", lambda route: route.fulfill(json=said))
    await page.get_by_role("button", name="Save and test").click()
    entry = page.get_by_role("listitem").filter(has=page.get_by_text("OpenAI", exact=True))
    await expect(entry).to_contain_text("Ends in abcd")
    await expect(entry).to_contain_text("OpenAI does not take this key.")
    await entry.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(entry.get_by_role("button", name="Add key")).to_be_visible()


async def test_usage_is_shown(visit: Visit) -> None:
    page = visit.page
    async with visit.as_program() as program:
        await program.compare("Count this", ["sim/quick"])
    await page.goto(f"{visit.url}/account/usage")
    await expect(page.get_by_role("listitem").filter(has_text="Turns today")).to_contain_text("1")


async def test_all_stored_data_is_downloaded(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    await page.goto(f"{visit.url}/account/data")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    path = tmp_path / "mine.zip"
    await (await download.value).save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert visit.email in archive.read("profile.json").decode()


async def test_the_account_is_deleted_only_with_its_password(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/users/me")
    await page.goto(f"{visit.url}/account/data")
    await page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Current password").fill("not the password")
    await dialog.get_by_role("button", name="Delete account").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await dialog.get_by_label("Current password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Delete account").click()
    await expect(page.get_by_text("Account deleted")).to_be_visible()
    async with httpx.AsyncClient(base_url=visit.url) as http:
        assert (await http.post("/auth/login", json={"email": visit.email, "password": PASSWORD})).status_code == 401


async def test_a_forgotten_password_is_reset_with_the_link_in_an_email(visit: Visit, outbox: Outbox) -> None:
    page = visit.page
    visit.expects_refusal("/auth/reset-password")
    await page.get_by_role("button", name="Log out").click()
    await page.get_by_role("button", name="Log in").first.click()
    await page.get_by_role("link", name="Forgot password?").click()
    await page.get_by_label("Email").fill(visit.email)
    await page.get_by_role("button", name="Send email").click()
    await expect(page.get_by_role("status").filter(has_text="on its way")).to_be_visible()
    token = token_in(await outbox.first_to(visit.email))
    await page.goto(f"{visit.url}/#/reset-password?token={token}")
    await page.get_by_label("New password").fill("password")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await page.get_by_label("Email").fill(visit.email)
    await page.get_by_label("Password").fill(NEW_PASSWORD)
    await page.get_by_label("Password").press("Enter")
    await expect(page.get_by_role("link", name="Your account")).to_be_visible()
    # A link holds once; so does the token that stands in it.
    await page.goto(f"{visit.url}/#/reset-password?token={token}")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("alert")).to_contain_text("Request a new one")
    await page.get_by_role("link", name="Request another email").click()
    await page.goto(f"{visit.url}/reset-password")
    await page.get_by_label("Code").fill(token or "")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")


async def test_a_service_that_is_busy_does_not_ask_for_the_password(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/auth/refresh")
    problem = {"type": "urn:playground:problem:limit_reached", "detail": "Try again in 3 seconds."}
    await page.route("**/auth/refresh", lambda route: route.fulfill(status=429, json=problem))
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("Try again in 3 seconds.")
    await page.unroute("**/auth/refresh")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("link", name="Your account")).to_be_visible()
