"""Answers as Markdown: code gets its colours and formulas their shape, and a long record all of its turns."""

from playwright.async_api import expect

from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Visit

CODE = "".join(f"def f{number}(x):\n    return x + {number}  # more\n" for number in range(500))
ANSWER = f"A formula: $x^2 + y_1$.\n\n```python\n{CODE}```\n\nThe end."


async def test_code_is_highlighted_and_formulas_are_typeset_while_the_text_stays_unchanged(
    visit: Visit, scripted: ScriptedProvider
) -> None:
    async def write(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*[ANSWER[start : start + 40] for start in range(0, len(ANSWER), 40)])
        await exchange.end(3, 100)

    await visit.compare("Code, please", scripted.model(write))
    lane = visit.lane(1)
    await expect(lane).to_contain_text("The end.")
    await expect(lane.locator("code .hl-keyword")).to_have_count(1_000)
    await expect(lane.locator(".math .katex")).to_have_count(1)
    assert await lane.locator("pre code").text_content() == CODE.rstrip("\n")


async def test_all_turns_of_a_long_session_are_shown_when_it_is_opened(visit: Visit) -> None:
    await visit.compare("Turn 1", "sim/quick")
    async with visit.as_program() as user:
        session_id = visit.page.url.rpartition("/")[2]
        await expect(visit.lane(1)).to_contain_text("Done")
        for number in range(2, 14):
            turn = await user.http.post("/playground/stream", json={"sessionId": session_id, "prompt": f"Turn {number}"})
            assert turn.status_code == 200, turn.text
    await visit.page.reload()
    await expect(visit.lane(1).get_by_role("article")).to_have_count(13)
    labels = await visit.lane(1).get_by_role("article").evaluate_all("articles => articles.map((each) => each.ariaLabel)")
    assert labels == [f"Turn {number}" for number in range(1, 14)]
