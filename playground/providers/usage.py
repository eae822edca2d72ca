"""A provider's account of the tokens of one call, in the service's own words."""

from decimal import Decimal

from .calls import Usage
from .chunks import ChunkUsage
from .records import Quirks

_MOST_TOKENS = 10**12
_MOST_DOLLARS = Decimal(1_000_000)


def usage_of(told: ChunkUsage, quirks: Quirks, cost: Decimal | None = None) -> Usage | None:
    """The usage that a provider told; `None` when it names no counts. `cost` is one that stood beside it.

    Zero for both input and output is no count: there is no call without input, and a missing count must not look free.
    """
    prompt, completion = _count(told.prompt_tokens), _count(told.completion_tokens)
    if prompt is None or completion is None or prompt + completion == 0:
        return None
    cached = _count(told.prompt_tokens_details.cached_tokens) if told.prompt_tokens_details else None
    if cached is None:
        cached = _count(told.prompt_cache_hit_tokens)
    reasoning = _count(told.completion_tokens_details.reasoning_tokens) if told.completion_tokens_details else None
    total = _count(told.total_tokens)
    if quirks.reasoning_beside_output and total is not None and total > prompt + completion:
        reasoning = total - prompt - completion
        completion += reasoning
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_input_tokens=None if cached is None else min(cached, prompt),
        reasoning_tokens=None if reasoning is None else min(reasoning, completion),
        cost=_dollars(told.cost if told.cost is not None else cost),
    )


def _count(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < _MOST_TOKENS else None


def _dollars(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and amount.is_finite() and 0 <= amount < _MOST_DOLLARS else None
