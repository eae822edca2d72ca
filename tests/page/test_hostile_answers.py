"""Answers that a model in a loop, or a malicious one, writes: they are shown, and the other lanes with them."""

import asyncio

import pytest
from playwright.async_api import expect

from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Visit, until

_PIECE = 60_000

HOSTILE = {
    "quotes": ">" * 2_000 + " deep",
    "lists": "- " * 3_000 + "deep",
    "quotes and lists": "> - " * 2_000 + "deep",
    "one line": "word and word " * 200_000,
    "one word": "a" * 3_500_000,
    "items": "".join(f"- item {number} of *many*\n" for number in range(10_000)),
    "emphasis": "*a" * 131_072,
    "brackets": "[" * 1_000_000,
    "links": "[a](" * 250_000,
    "comments": "<!-- " * 200_000,
    "rows": "| a | b |\n|---|---|\n" + "| *one* | two |\n" * 6_000,
    "formulas": "$x^2$ " * 5_000 + "$" + "x^{" * 600 + "}" * 600 + "$",
    "code": "```js\n" + "let a = `${b}` // c\n" * 50_000 + "```",
}

_SHOWN = "document.querySelector('.markdown')?.lastElementChild?.textContent.trimEnd().endsWith('The end.')"
# Longer than any of it takes: a page that hangs does not answer at all.
_LONGEST_SECONDS = 60


async def test_endless_nesting_in_one_lane_does_not_affect_the_others(visit: Visit, scripted: ScriptedProvider) -> None:
    async def nest(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*["> - "] * 1_000, "deep\n\n", "The end.")
        await exchange.end(3, 100)

    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("这是", "**“", "重点”*", "*的。")
        await exchange.end(3, 100)

    await visit.compare("Go", scripted.model(nest), scripted.model(write))
    for _ in ("live", "reloaded"):
        await expect(visit.lane(1)).to_contain_text("The end.")
        await expect(visit.lane(2).locator(".markdown strong")).to_have_text("“重点”")
        await visit.page.reload()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_is_shown_to_its_end_and_the_others_with_it(visit: Visit, scripted: ScriptedProvider, name: str) -> None:
    text = f"{HOSTILE[name]}\n\nThe end."

    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*[text[start : start + _PIECE] for start in range(0, len(text), _PIECE)])
        await exchange.end(3, 100)

    async def write_well(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("A **good** answer.")
        await exchange.end(3, 100)

    await visit.compare("Go", scripted.model(write), scripted.model(write_well))
    for _ in ("live", "reloaded"):
        await asyncio.wait_for(until(visit.page, _SHOWN), _LONGEST_SECONDS)
        await expect(visit.lane(2).locator(".markdown strong")).to_have_text("good")
        await visit.page.reload()


async def test_sources_notes_and_alerts_are_shown_live_as_after_a_reload(visit: Visit, scripted: ScriptedProvider) -> None:
    filler = "A paragraph that only makes the answer longer.\n\n" * 60
    text = (
        f"Rome is old [1], and has a [forum][2].[^n]\n\n{filler}> [!NOTE]\n> Mind this.\n\n"
        '[^n]: A note.\n\nSources:\n\n[1]: https://example.org/rome\n[2]: https://example.org/forum "Forum"\n'
    )

    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*[text[start : start + 7] for start in range(0, len(text), 7)])
        await exchange.end(3, 100)

    await visit.compare("Sources, please", scripted.model(write))
    answer = visit.lane(1).locator(".markdown")
    shown = []
    for _ in ("live", "reloaded"):
        await expect(visit.lane(1)).to_contain_text("Done")
        await expect(answer.get_by_role("link", name="[1]", exact=True)).to_have_attribute("href", "https://example.org/rome")
        await expect(answer.get_by_role("link", name="forum", exact=True)).to_have_attribute("href", "https://example.org/forum")
        await expect(answer.locator("sup")).to_have_text("[n]")
        await expect(answer.locator(".footnote")).to_contain_text("A note.")
        await expect(answer.locator(".alert")).to_contain_text("Mind this.")
        shown.append(await answer.inner_html())
        await visit.page.reload()
    assert shown[0] == shown[1]
