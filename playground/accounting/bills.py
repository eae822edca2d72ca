"""The bill of a call: the provider's token counts, or else our own, and the cost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from playground.comparison.plan import Bill
from playground.providers.calls import ModelCall, Usage
from playground.providers.records import ListedModel, Provider

from .prices import Prices
from .token_counts import TokenCounter

Listed = Callable[[Provider, str], ListedModel | None]
"""Returns a model's entry in its provider's list."""


class Bills:
    """Calculates bills. A call that ended before the provider sent its usage costs money too, so its tokens are counted."""

    def __init__(self, counter: TokenCounter, prices: Prices, listed: Listed) -> None:
        self._counter = counter
        self._prices = prices
        self._listed = listed

    async def settle(self, call: ModelCall, usage: Usage | None, answer: str, reasoning: str, at: datetime) -> Bill:
        """Return the bill of `call`, which was sent at `at` and produced `answer` and `reasoning`.

        Counts that are missing or impossible in `usage` are replaced by tiktoken's counts, and the bill is marked as estimated.
        """
        used = await self._used(call, usage, answer, reasoning)
        cost = self._prices.cost(call.provider, call.model, used, self._listed(call.provider, call.model), at)
        return Bill(
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cached_input_tokens=used.cached_input_tokens,
            reasoning_tokens=used.reasoning_tokens,
            estimated=usage is None or usage.unknown_input or usage.unknown_output,
            cost=cost.amount if cost else None,
            cost_source=cost.source if cost else None,
            cache_write_tokens=used.cache_write_tokens,
            prices=cost.prices if cost else None,
        )

    async def _used(self, call: ModelCall, usage: Usage | None, answer: str, reasoning: str) -> Usage:
        if usage is None:
            return await self._count(call, answer, reasoning)
        if not usage.unknown_input and not usage.unknown_output:
            return usage
        counted = await self._count(call, answer, reasoning)
        if usage.unknown_input:
            usage = replace(usage, input_tokens=counted.input_tokens)
        if usage.unknown_output:
            usage = replace(usage, output_tokens=counted.output_tokens, reasoning_tokens=counted.reasoning_tokens)
        return usage

    async def _count(self, call: ModelCall, answer: str, reasoning: str) -> Usage:
        prompt_tokens = await self._counter.count_prompt(call.messages, call.model)
        answer_tokens, reasoning_tokens = await self._counter.count([answer, reasoning], call.model)
        return Usage(
            input_tokens=prompt_tokens,
            output_tokens=answer_tokens + reasoning_tokens,
            reasoning_tokens=reasoning_tokens if reasoning else None,
        )
