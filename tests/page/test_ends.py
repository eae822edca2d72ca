"""How an answer ended, and that one is waited for, as a lane shows it: live, and when the page is loaded again."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from playground.comparison.running import waiting

from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Visit


def ending(reason: str, *texts: str, reasoning_tokens: int = 0) -> Callable[[Exchange], Awaitable[None]]:
    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*texts)
        await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        details = {"reasoning_tokens": reasoning_tokens}
        usage = {"prompt_tokens": 11, "completion_tokens": 4_096, "completion_tokens_details": details}
        await exchange.event({"choices": [], "usage": usage})
        await exchange.send(b"data: [DONE]\n\n")

    return answers


async def test_the_end_of_an_answer_is_shown_and_a_truncated_one_is_never_best(visit: Visit, scripted: ScriptedProvider) -> None:
    await visit.compare(
        "Why?",
        scripted.model(ending("length", "The answer is that one has to")),
        scripted.model(ending("MAX_TOKENS", reasoning_tokens=4_096)),
        scripted.model(ending("SAFETY", "I will explain how to")),
        scripted.model(ending("stop", "Because.")),
    )
    for _ in ("live", "loaded again"):
        await expect(visit.lane(1)).to_contain_text("Cut off at the token limit")
        await expect(visit.lane(1)).to_contain_text("The answer is that one has to")
        await expect(visit.lane(2)).to_contain_text("All tokens were used for thinking")
        await expect(visit.lane(3)).to_contain_text("Stopped by the content filter")
        await expect(visit.lane(3)).to_contain_text("I will explain how to")
        await expect(visit.lane(4)).to_contain_text("Done")
        best = visit.page.get_by_role("group", name="Figures").locator("dd .name")
        await expect(best).to_have_count(4)
        winner = await visit.lane(4).get_by_role("heading").inner_text()
        assert set(await best.all_inner_texts()) == {winner}
        await visit.page.reload()


async def test_a_long_wait_is_shown_while_it_lasts(visit: Visit, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_REPORT_SECONDS", 0.0)
    gate = Gate()

    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await gate.wait()
        await exchange.write("Forty-two.")
        await exchange.end()

    await visit.compare("Why?", scripted.model(thinks))
    await expect(visit.lane(1)).to_contain_text("no output for")
    gate.open()
    await expect(visit.lane(1)).to_contain_text("Forty-two.")
    await expect(visit.lane(1)).not_to_contain_text("no output for")
