"""What a screen reader is given of answers that are being written."""

from playwright.async_api import Browser, Page, expect

from playground.serving.server import RunningService

from ..support.scripted import Exchange, Gate, Script, ScriptedProvider
from .conftest import Visit, visiting
from .test_lanes import PHONE

LIVE = "[role=status][aria-live=polite]"

# Everything that the live region ever held, in order.
LISTEN = f"""
    window.said = []
    const region = document.querySelector('{LIVE}')
    const listen = () => window.said.push(region.textContent)
    new MutationObserver(listen).observe(region, {{ childList: true, characterData: true, subtree: true }})
"""


class TwoSpeakers:
    """Two models that write each a sentence, half of the next, and the rest when the gate opens."""

    def __init__(self, scripted: ScriptedProvider) -> None:
        self.gate = Gate()
        self.models = [scripted.model(self._script(name)) for name in ("Alpha", "Beta")]

    def _script(self, name: str) -> Script:
        async def write(exchange: Exchange) -> None:
            await exchange.begin()
            await exchange.write(f"**{name}** speaks first. ", f"Then {name} is")
            await self.gate.wait()
            await exchange.write(" silent. ", f"{name} ends")
            await exchange.end(3, 12)

        return write


async def said(page: Page) -> list[str]:
    told: list[str] = await page.evaluate("window.said")
    return told


async def test_the_lane_with_the_focus_is_read_out_in_whole_sentences_and_no_other(visit: Visit, scripted: ScriptedProvider) -> None:
    page, speakers = visit.page, TwoSpeakers(scripted)
    await visit.compare("Speak", *speakers.models)
    await page.evaluate(LISTEN)
    await page.keyboard.press("Escape")
    await page.keyboard.press("[")
    await expect(visit.lane(2)).to_be_focused()
    await expect(visit.lane(2)).to_contain_text("Then Beta is")
    await expect(page.locator(LIVE)).to_contain_text("speaks first.")
    speakers.gate.open()
    await expect(page.locator(LIVE)).to_contain_text(f"{speakers.models[1]}: done.")
    told = await said(page)
    assert told[0] == "Beta speaks first."
    assert "Then Beta is silent. Beta ends" in " ".join(told)
    assert f"{speakers.models[0]}: done." in " ".join(told)
    assert "Alpha" not in " ".join(told)


async def test_a_lane_alone_is_read_out_from_its_first_sentence_while_it_is_written(visit: Visit, scripted: ScriptedProvider) -> None:
    page, speakers = visit.page, TwoSpeakers(scripted)
    await visit.compare("Speak", speakers.models[0])
    await expect(page.locator(LIVE)).to_have_text("Alpha speaks first.")
    await page.evaluate(LISTEN)
    speakers.gate.open()
    await expect(page.locator(LIVE)).to_contain_text("done")
    assert "Then Alpha is silent. Alpha ends" in " ".join(await said(page))


async def test_on_a_phone_the_lane_on_the_screen_is_read_out(browser: Browser, service: RunningService, scripted: ScriptedProvider) -> None:
    speakers = TwoSpeakers(scripted)
    async with visiting(browser, service.url, **PHONE) as visit:
        await visit.arrive()
        await visit.compare("Speak", *speakers.models)
        await expect(visit.page.locator(LIVE)).to_have_text("Alpha speaks first.")
        speakers.gate.open()
    assert visit.errors == []
