"""The figures of a lane while it writes and afterwards, and the chart of how it grew."""

import re

import anyio
from playwright.async_api import Page, expect

from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Visit, until

PAGE_OF_TEXT = "It was the best of times, it was the worst of times. " * 40


def figure(visit: Visit, lane: int, title: str):
    """The value beside that title in a lane."""
    return visit.lane(lane).locator("dl > div").filter(has=visit.page.locator("dt", has_text=re.compile(rf"^\s*{title}\s*$"))).locator("dd")


async def chart_rows(page: Page) -> list[list[str]]:
    """What who does not see the chart of tokens over time is told: seconds and tokens."""
    table = page.locator("table.unseen").filter(has_text="Tokens over time")
    await expect(table).to_have_count(1)
    rows: list[list[str]] = await table.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return rows


async def test_tokens_of_a_lane_that_writes_are_estimated_from_its_text_and_not_from_its_pieces(
    visit: Visit, scripted: ScriptedProvider
) -> None:
    gate = Gate()

    async def writes_in_two_pieces(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(PAGE_OF_TEXT)
        await anyio.sleep(0.05)
        await exchange.write(PAGE_OF_TEXT)
        await gate.wait()
        await exchange.end(3, 1_040)

    await visit.compare("Write", scripted.model(writes_in_two_pieces))
    await expect(figure(visit, 1, "Tokens")).to_have_text(re.compile(r"≈\s*(9|1,0|1,1)\d\d"))
    gate.open()
    await expect(figure(visit, 1, "Tokens")).to_have_text("1,040")


async def test_a_retry_shows_its_attempts_and_the_whole_wait(visit: Visit, scripted: ScriptedProvider) -> None:
    async def busy_at_first(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.error(503, {"error": {"message": "Busy."}}, "Retry-After: 2\r\n")
            return
        await exchange.begin()
        await exchange.write("Now.")
        await exchange.end(3, 2)

    model = scripted.model(busy_at_first)
    await visit.compare("Hi", model)
    for _ in range(2):
        await expect(visit.lane(1)).to_contain_text("Done")
        await expect(visit.lane(1)).to_contain_text("2 attempts")
        elapsed = await visit.lane(1).locator(".elapsed").inner_text()
        assert float(elapsed.removesuffix(" s")) >= 2
        await expect(figure(visit, 1, "Start")).to_have_text(re.compile(r" ms$"))
        await visit.page.reload()


async def test_the_first_answer_stands_beside_the_first_token_where_a_model_thinks(visit: Visit, scripted: ScriptedProvider) -> None:
    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event({"choices": [{"index": 0, "delta": {"reasoning_content": "Hm. "}}]})
        await anyio.sleep(1.1)
        await exchange.write("Yes.")
        await exchange.end(3, 4)

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Yes.")
        await exchange.end(3, 2)

    await visit.compare("Hi", scripted.model(thinks), scripted.model(answers))
    for number in (1, 2):
        await expect(visit.lane(number)).to_contain_text("Done")
    await expect(figure(visit, 1, "Answer")).to_have_text(re.compile(r"^\d+\.\d s$"))
    await expect(figure(visit, 2, "Answer")).to_have_count(0)


async def test_simulated_costs_and_times_do_not_compete_with_real_ones(visit: Visit, scripted: ScriptedProvider) -> None:
    async def slow_and_dear(exchange: Exchange) -> None:
        await exchange.begin()
        await anyio.sleep(1)
        await exchange.write("Yes.")
        await exchange.end(1_000, 1_000)

    model = scripted.model(slow_and_dear)
    await visit.compare("Hi", "sim/quick", model)
    summary = visit.page.get_by_role("region", name="Summary of turn 1")
    await expect(summary).to_contain_text("simulated")
    for title in ("Fastest first token", "Fastest overall", "Cheapest", "Longest"):
        await expect(summary.locator("dl > div").filter(has_text=title)).to_contain_text(model.partition("/")[2])
    await expect(summary.locator("dl > div").filter(has_text="Cheapest")).to_contain_text("$0.003")


async def test_the_chart_starts_at_the_sending_and_survives_a_reload(visit: Visit, scripted: ScriptedProvider) -> None:
    async def begins_late(exchange: Exchange) -> None:
        await exchange.begin()
        await anyio.sleep(1)
        for _ in range(10):
            await exchange.write("word " * 10)
            await anyio.sleep(0.1)
        await exchange.end(3, 100)

    page = visit.page
    await visit.compare("Write", scripted.model(begins_late))
    await expect(visit.lane(1)).to_contain_text("Done")
    await page.get_by_role("button", name="Tokens over time").click()
    seen = await chart_rows(page)
    assert float(seen[-1][0]) >= 1.9
    assert seen[-1][1] == "100"
    # Nothing came in the first second, which is about half of the time.
    assert [tokens for seconds, tokens in seen if float(seconds) < 0.9] == ["0"] * sum(float(seconds) < 0.9 for seconds, _ in seen)
    assert any(0 < int(tokens) < 100 for _, tokens in seen)
    await page.reload()
    await expect(visit.lane(1)).to_contain_text("Done")
    await until(page, "document.querySelector('table.unseen') !== null")
    again = await chart_rows(page)
    assert all(abs(float(after) - float(before)) <= 0.11 for (before, _), (after, _) in zip(seen, again, strict=True))
    assert all(abs(int(after) - int(before)) <= 10 for (_, before), (_, after) in zip(seen, again, strict=True))
