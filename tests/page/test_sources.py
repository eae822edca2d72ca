"""What comes with an answer beside its text, as a lane shows it: live, and when the page is loaded again."""

from playwright.async_api import expect

from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Visit

PARIS = "https://example.com/paris"


async def test_sources_are_links_and_unsupported_parts_are_named(visit: Visit, scripted: ScriptedProvider) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        results = [{"title": "Paris <b>", "url": PARIS}]
        citations = [PARIS, "javascript:alert(1)"]
        await exchange.event({"choices": [{"delta": {"content": "Paris[1]."}}], "citations": citations, "search_results": results})
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 1_000}}
        await exchange.event({"choices": [{"delta": {"content": "", "images": [image]}}]})
        await exchange.end(7, 5)

    await visit.compare("Where?", scripted.model(answers))
    for _ in ("live", "loaded again"):
        lane = visit.lane(1)
        await expect(lane).to_contain_text("Sources (2)")
        link = lane.get_by_role("link", name="Paris <b>")
        await expect(link).to_have_attribute("href", PARIS)
        await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        await expect(lane.get_by_role("listitem")).to_have_text(["Paris <b> example.com", "javascript:alert(1)"])
        await expect(lane.get_by_role("link")).to_have_count(1)
        await expect(lane.locator(".sources ol")).to_have_css("list-style-type", "decimal")  # `[1]` is the first.
        await expect(lane).to_contain_text("Image (image/png, 3 KB): not shown or saved.")
        await visit.page.reload()


async def test_an_answer_that_is_only_an_image_is_not_called_empty(visit: Visit, scripted: ScriptedProvider) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        image = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
        await exchange.event({"choices": [{"delta": {"content": [image]}}]})
        await exchange.end(7, 1_290)

    await visit.compare("Draw a cat", scripted.model(answers))
    await expect(visit.lane(1)).to_contain_text("Image: not shown or saved.")
    await expect(visit.lane(1).get_by_role("link", name="Open at provider")).to_have_attribute("href", "https://example.com/cat.png")
    await expect(visit.lane(1)).not_to_contain_text("empty")


async def test_thinking_that_only_an_end_tag_closes_looks_the_same_live_and_loaded_again(visit: Visit, scripted: ScriptedProvider) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("A greeting, then.\n", "</think>\n\n", "Hello!")
        await exchange.end(7, 9)

    await visit.compare("Hi", scripted.model(answers))
    for _ in ("live", "loaded again"):
        lane = visit.lane(1)
        await expect(lane).to_contain_text("Thinking")
        await expect(lane.locator(".answer > .markdown")).to_have_text("Hello!")
        await lane.get_by_text("Thinking").click()
        await expect(lane.locator(".thinking")).to_have_text("A greeting, then.")
        await visit.page.reload()
