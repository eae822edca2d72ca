"""Estimates of the tokens and cost of a request before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from playground.catalogue.catalogue import Catalogue
from playground.providers.calls import Message, ModelCall, Usage
from playground.providers.records import ListedModel

from .prices import Prices
from .schemas import CostRange, Estimate, LaneEstimate
from .token_counts import TokenCounter
from .vocabularies import Vocabulary, vocabulary_for

ASSUMED_OUTPUT_TOKENS = 16_384
"""The longest assumed answer if the request sets no limit. Most models write less by default; some write more."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that one call can use, as far as that is known before it is sent."""

    input_tokens: int
    """Including the margin."""
    output_tokens: int
    cost: Decimal | None
    """US dollars; `None` if the price is unknown."""


class Estimator:
    """Estimates calls, with the context windows and prices from the catalogue and the price lists."""

    def __init__(self, catalogue: Catalogue, prices: Prices, counter: TokenCounter) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._counter = counter

    async def estimate(self, calls: Sequence[ModelCall]) -> Estimate:
        """Return the estimate of each call, in order. Nothing is sent. Equal prompts are counted once per vocabulary.

        Raises `VocabularyError`.
        """
        counts = await self._count(calls)
        return Estimate(lanes=[self._estimate(call, count) for call, count in zip(calls, counts, strict=True)])

    async def bounds(self, calls: Sequence[ModelCall]) -> list[Bound]:
        """Return the most that each call can use, in order. A margin is added, since other vendors count tokens differently.

        Raises `VocabularyError`.
        """
        counts = await self._count(calls)
        lanes = [self._estimate(call, with_margin(count)) for call, count in zip(calls, counts, strict=True)]
        return [Bound(lane.input_tokens, lane.max_output_tokens, lane.cost.max if lane.cost else None) for lane in lanes]

    async def _count(self, calls: Sequence[ModelCall]) -> list[int]:
        counts: dict[tuple[Vocabulary, tuple[Message, ...]], int] = {}
        keys = [(vocabulary_for(call.model), call.messages) for call in calls]
        for key, call in zip(keys, calls, strict=True):
            if key not in counts:
                counts[key] = await self._counter.count_prompt(call.messages, call.model)
        return [counts[key] for key in keys]

    def _estimate(self, call: ModelCall, input_tokens: int) -> LaneEstimate:
        return estimate_call(call, input_tokens, self._prices, self._catalogue.listed(call.provider, call.model))


def with_margin(input_tokens: int) -> int:
    """Return a tenth more, rounded up."""
    return input_tokens + -(-input_tokens // 10)


def estimate_call(call: ModelCall, input_tokens: int, prices: Prices, listed: ListedModel | None = None) -> LaneEstimate:
    """Return the estimate of one call whose prompt has `input_tokens`.

    The minimum is an answer of one token. The maximum is `max_tokens`, or else `ASSUMED_OUTPUT_TOKENS`, but at most what the prompt
    leaves of the context window. A prompt that doesn't fit is priced too, with an answer of one token.
    """
    window = prices.context_window(call.provider, call.model, listed)
    most, basis = _longest_answer(input_tokens, call.max_tokens, window)
    least_cost = prices.cost(call.provider, call.model, Usage(input_tokens, 1), listed)
    most_cost = prices.cost(call.provider, call.model, Usage(input_tokens, most), listed)
    return LaneEstimate(
        model=f"{call.provider.id}/{call.model}",
        simulated=call.provider.simulated,
        listed=listed is not None,
        input_tokens=input_tokens,
        max_output_tokens=most,
        max_output_basis=basis,
        context_window=window,
        fits=None if window is None else input_tokens < window,
        cost=CostRange(min=least_cost.amount, max=most_cost.amount) if least_cost and most_cost else None,
    )


def _longest_answer(
    input_tokens: int, max_tokens: int | None, window: int | None
) -> tuple[int, Literal["maxTokens", "contextWindow", "assumed"]]:
    most = ASSUMED_OUTPUT_TOKENS if max_tokens is None else max_tokens
    space = most if window is None else max(1, window - input_tokens)
    if space < most:
        return space, "contextWindow"
    return most, "assumed" if max_tokens is None else "maxTokens"
