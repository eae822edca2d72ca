"""Writing a prompt on the page: the focus, input methods, files, links with unknown models, and the way back."""

from playwright.async_api import Browser, expect

from playground.serving.server import RunningService

from ..clients.proxy import Proxy
from .conftest import HeldAnswer, Visit, visiting

PRESS = """(field, event) => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...event }))"""
DROP = """([type, files]) => {
  const data = new DataTransfer()
  for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name))
  const named = type === "paste" ? { clipboardData: data } : { dataTransfer: data }
  const place = type === "paste" ? document.querySelector("textarea") : document.body
  const event = new (type === "paste" ? ClipboardEvent : DragEvent)(type, { bubbles: true, cancelable: true, ...named })
  place.dispatchEvent(event)
  return event.defaultPrevented
}"""


async def test_the_prompt_has_the_focus_on_every_page_for_writing(visit: Visit) -> None:
    page = visit.page
    await expect(visit.prompt).to_be_focused()
    await page.get_by_role("button", name="Choose models").click()
    await page.get_by_role("combobox", name="Search models").fill("quick")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Done").click()
    await expect(visit.prompt).to_be_focused()
    await visit.prompt.fill("Hello")
    await page.get_by_role("button", name="Send").click()
    await expect(visit.lane(1)).to_contain_text("Done")
    await expect(visit.prompt).to_be_focused()
    await page.get_by_role("button", name="New comparison").click()
    await expect(visit.prompt).to_be_focused()
    await page.goto(f"{visit.url}/history")
    await page.get_by_role("link", name="Compare", exact=True).click()
    await expect(visit.prompt).to_be_focused()


async def test_enter_of_an_input_method_never_sends(visit: Visit) -> None:
    page = visit.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/playground/stream") else None)
    await page.goto(f"{visit.url}/?models=sim/quick")
    await visit.prompt.fill("にほんご")
    for event in ({"isComposing": True, "keyCode": 229}, {"isComposing": True}, {"keyCode": 229}):
        await visit.prompt.evaluate(PRESS, event)
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Input.imeSetComposition", {"text": "日本", "selectionStart": 2, "selectionEnd": 2})
    await cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    await cdp.send("Input.insertText", {"text": "日本語"})
    await expect(visit.prompt).to_have_value("にほんご日本語")
    assert sent == []
    await visit.prompt.press("Enter")
    await page.wait_for_url("**/s/*")
    assert len(sent) == 1


async def test_a_file_says_what_is_possible_and_the_page_stays(visit: Visit) -> None:
    page = visit.page
    text = [*"naïve notes".encode()]
    picture = [0x89, 0x50, 0x4E, 0x47, 0, 255]
    for type_ in ("drop", "paste"):
        await visit.prompt.fill("See: ")
        assert await page.evaluate(DROP, [type_, [["notes.txt", text]]])
        await expect(visit.prompt).to_have_value("See: naïve notes")
        assert await page.evaluate(DROP, [type_, [["photo.png", picture]]])
        await expect(page.get_by_text("“photo.png” can’t be attached: only text files")).to_be_visible()
        assert await page.evaluate(DROP, [type_, [["long.txt", [97] * (256 * 1024 + 1)]]])
        await expect(page.get_by_text("the maximum for a prompt is 256 KB")).to_be_visible()
        assert await page.evaluate(DROP, [type_, [["a.txt", text], ["b.txt", text]]])
        await expect(page.get_by_text("Drop one text file")).to_be_visible()
        await expect(visit.prompt).to_have_value("See: naïve notes")


async def test_unknown_models_of_a_link_are_named_in_their_lanes_and_the_others_are_sent(visit: Visit) -> None:
    page = visit.page
    visit.expects_refusal("/playground/estimate")
    await page.goto(f"{visit.url}/?models=sim/quick,nowhere/model,sim/careful,sim/quikc,careful")
    for number, name in ((2, "nowhere/model"), (4, "quikc")):
        await expect(visit.lane(number).get_by_role("alert")).to_contain_text(name)
        await expect(visit.lane(number)).to_contain_text("Not available")
    await expect(visit.lane(4)).to_contain_text("Did you mean sim/quick?")
    for number in (1, 3, 5):
        await expect(visit.lane(number).get_by_role("alert")).to_have_count(0)
    await visit.prompt.fill("Hello")
    await visit.prompt.press("Enter")
    await page.wait_for_url("**/s/*")
    await expect(page.get_by_text("Skipped unavailable models: nowhere/model, sim/quikc")).to_be_visible()
    for number in (1, 2, 3):
        await expect(visit.lane(number)).to_contain_text("Done")
    await expect(visit.lane(4)).to_have_count(0)


async def test_nothing_is_sent_where_all_models_are_unknown(visit: Visit) -> None:
    visit.expects_refusal("/playground/estimate")
    await visit.page.goto(f"{visit.url}/?models=nowhere/model")
    await expect(visit.lane(1)).to_contain_text("Not available")
    await visit.prompt.fill("Hello")
    await expect(visit.page.get_by_role("button", name="Send")).to_be_disabled()


async def test_compare_returns_to_the_running_comparison(visit: Visit, held: HeldAnswer) -> None:
    page = visit.page
    await visit.compare("Count", held.model)
    address = page.url
    await expect(visit.lane(1)).to_contain_text("one two")
    pages = page.get_by_role("navigation", name="Pages")
    for place in ("History", "Costs"):
        await pages.get_by_role("link", name=place).click()
        await pages.get_by_role("link", name="Compare").click()
        await expect(page).to_have_url(address)
        await expect(visit.lane(1)).to_contain_text("one two")
    held.gate.open()
    await expect(visit.lane(1)).to_contain_text("one two three four")


async def test_a_link_to_a_comparison_explains_the_login_and_then_opens_it(browser: Browser, visit: Visit) -> None:
    async with visit.as_program() as program:
        session_id = (await program.compare("Hello", ["sim/quick"]))[0].data["sessionId"]
    async with visiting(browser, visit.url) as elsewhere:
        page = elsewhere.page
        await page.goto(f"{visit.url}/s/{session_id}")
        await expect(page.get_by_role("heading", name="Log in to open this comparison")).to_be_visible()
        await page.get_by_label("Email").fill(visit.email)
        await page.get_by_label("Password").fill("correct horse battery staple")
        await page.get_by_label("Password").press("Enter")
        await expect(elsewhere.lane(1)).to_contain_text("simulated answer")
        await expect(page).to_have_url(f"{visit.url}/s/{session_id}")
        assert elsewhere.errors == []


async def test_no_url_shows_a_blank_page(visit: Visit) -> None:
    page = visit.page
    for path in ("/s/%", "/s/%E0%A4%A", "/s/%ff/differences", "/s/%/", "/nowhere", "/account/%"):
        await page.goto(visit.url + path)
        await expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    for session in ("nothing", "x"):
        visit.expects_refusal(f"/playground/sessions/{session}")
    await page.goto(f"{visit.url}/s/nothing")
    await expect(page.get_by_role("link", name="New comparison", exact=True)).to_be_visible()
    for path in ("/?lane=%", "/history?from=%&q=%25&status=x", "/costs?from=9999-99-99&by=x", "/account/nothing", "/s/x/differences?a=-1"):
        await page.goto(visit.url + path)
        await expect(page.get_by_role("main")).not_to_be_empty()
        await expect(page.get_by_role("heading", level=1)).not_to_have_count(0)
    visit.errors.clear()


async def test_two_loads_while_the_login_is_renewed_stay_logged_in(browser: Browser, proxy: Proxy, service: RunningService) -> None:
    async with visiting(browser, proxy.url) as visit:
        await visit.arrive()
        for _ in range(3):
            renewal = proxy.hold(b"POST /auth/refresh ")
            await visit.page.goto(proxy.url, wait_until="commit")
            await renewal.arrived.wait()
            await visit.page.reload(wait_until="commit")
            renewal.over.set()
            await expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()
        cookies = await visit.page.context.cookies(f"{proxy.url}/auth")
        assert [cookie["name"] for cookie in cookies] == ["playground_refresh"]
