"""A provider's account of the tokens of one call, in the service's own words."""

from decimal import Decimal

from .calls import Usage
from .chunks import ChunkUsage
from .records import Quirks

_MOST_TOKENS = 5 * 10**8
"""From here on a number is an error of its sender. Prices refuse the double, and the database has 32 bits for what three attempts used."""
_MOST_DOLLARS = Decimal(1_000_000)


def usage_of(told: ChunkUsage, quirks: Quirks, cost: Decimal | None = None) -> Usage | None:
    """The usage that a provider told; `None` when it names no counts. `cost` is one that stood beside it.

    Zero for both input and output is no count: there is no call without input, and a missing count must not look free.
    With one count that is absurd, none of them is believed.
    """
    prompt, completion, total = _count(told.prompt_tokens), _count(told.completion_tokens), _count(told.total_tokens)
    if told.completion_tokens is None and prompt is not None and total is not None and total >= prompt:
        completion = total - prompt
    if prompt is None or completion is None or prompt + completion == 0:
        return None
    cached = _count(told.prompt_tokens_details.cached_tokens) if told.prompt_tokens_details else None
    if cached is None:
        cached = _count(told.prompt_cache_hit_tokens)
    reasoning = _count(told.completion_tokens_details.reasoning_tokens) if told.completion_tokens_details else None
    if quirks.reasoning_beside_output and total is not None and total > prompt + completion:
        reasoning = total - prompt - completion
        completion += reasoning
    elif reasoning and total == prompt + completion + reasoning:
        completion += reasoning  # xAI counts thinking beside the output too.
    if any(count is not None and count >= _MOST_TOKENS for count in (prompt, completion, cached, reasoning)):
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_input_tokens=None if cached is None else min(cached, prompt),
        reasoning_tokens=None if reasoning is None else min(reasoning, completion),
        cost=_cost(told, cost),
    )


def _cost(told: ChunkUsage, beside: Decimal | None) -> Decimal | None:
    cost = _dollars(told.cost if told.cost is not None else beside)
    if not told.is_byok or cost is None:
        return cost
    # Source: OpenRouter, "Usage Accounting". Without such a key, the upstream cost is the cost once more.
    upstream = _dollars(told.cost_details.upstream_inference_cost) if told.cost_details else None
    return None if upstream is None else cost + upstream


def _count(number: int | None) -> int | None:
    return number if number is not None and number >= 0 else None


def _dollars(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and amount.is_finite() and 0 <= amount < _MOST_DOLLARS else None
