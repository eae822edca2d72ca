"""A provider's usage report in a payload: structs for the fast decoder, and a reader for all other forms."""

from decimal import Decimal
from typing import Any

import msgspec

from playground.providers.errors.provider_messages import plain_name
from playground.providers.loose_values import amount_of, count_of


class InputDetails(msgspec.Struct, gc=False):
    """`prompt_tokens_details`, or `input_tokens_details`. The names for written tokens are those of LiteLLM, OpenRouter and Anthropic."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    audio_tokens: int | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """`completion_tokens_details`, or `output_tokens_details`."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class CostDetails(msgspec.Struct, gc=False):
    """OpenRouter's details of a cost, in US dollars."""

    upstream_inference_cost: Decimal | None = None


class ChunkUsage(msgspec.Struct, gc=False):
    """`usage`, with the names of OpenAI's two APIs and of others. Amounts are exactly as in the JSON text."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cached_tokens: int | None = None
    """Moonshot's name for the cached tokens."""
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for them."""
    cache_read_input_tokens: int | None = None
    """Anthropic's name for cached tokens, which are not part of its `input_tokens`."""
    cache_creation_input_tokens: int | None = None
    """Anthropic: written to the cache, also not part of its `input_tokens`."""
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    """OpenRouter's cost, in US dollars."""
    is_byok: bool = False
    """OpenRouter used its user's own key: `cost` is only its fee, and the provider behind it is paid separately."""
    cost_details: CostDetails | None = None
    estimated_cost: Decimal | None = None
    """DeepInfra's cost, in US dollars."""
    cost_in_usd_ticks: int | None = None
    """xAI's cost."""


def usage_from(value: object) -> ChunkUsage | None:
    """Read a leniently decoded usage as far as possible; `None` if it has no counts."""
    if isinstance(value, list) and value:
        value = value[-1]
    if not isinstance(value, dict):
        return None
    tokens = value.get("tokens")  # Cohere's, next to `billed_units`.
    counted = tokens if isinstance(tokens, dict) else value
    counts: dict[str, Any] = {}
    for name, number in counted.items():
        field = _COUNTS.get(plain_name(name))
        if field is not None and not counts.get(field):
            counts[field] = _count(number)
    details = value.get("cost_details")
    usage = ChunkUsage(
        **counts,
        prompt_tokens_details=_input_details(value.get("prompt_tokens_details")),
        completion_tokens_details=_output_details(value.get("completion_tokens_details")),
        input_tokens_details=_input_details(value.get("input_tokens_details")),
        output_tokens_details=_output_details(value.get("output_tokens_details")),
        cost=cost_from(value.get("cost")),
        is_byok=value.get("is_byok") is True,
        cost_details=CostDetails(amount_of(details.get("upstream_inference_cost"))) if isinstance(details, dict) else None,
        estimated_cost=amount_of(value.get("estimated_cost")),
    )
    return usage if usage != _NOTHING else None


_NOTHING = ChunkUsage()
_COUNTS = {
    "prompttokens": "prompt_tokens",
    "completiontokens": "completion_tokens",
    "totaltokens": "total_tokens",
    "inputtokens": "input_tokens",
    "outputtokens": "output_tokens",
    "cachedtokens": "cached_tokens",
    "promptcachehittokens": "prompt_cache_hit_tokens",
    "cachereadinputtokens": "cache_read_input_tokens",
    "cachecreationinputtokens": "cache_creation_input_tokens",
    "cachewriteinputtokens": "cache_creation_input_tokens",
    "reasoningtokens": "reasoning_tokens",
    "costinusdticks": "cost_in_usd_ticks",
    # Google's own API.
    "prompttokencount": "prompt_tokens",
    "candidatestokencount": "completion_tokens",
    "totaltokencount": "total_tokens",
    "cachedcontenttokencount": "cached_tokens",
    "thoughtstokencount": "reasoning_tokens",
    # TGI's and watsonx's, and Ollama's own API.
    "inputtokencount": "input_tokens",
    "generatedtokencount": "output_tokens",
    "promptevalcount": "prompt_tokens",
    "evalcount": "completion_tokens",
}
"""The fields of `ChunkUsage` by the servers' names for them, in the form of `plain_name`."""


def cost_from(value: object) -> Decimal | None:
    """A cost in US dollars: a number, or an object with the sum of several, such as Perplexity's."""
    if not isinstance(value, dict):
        return amount_of(value)
    if str(value.get("currency", "USD")).upper() not in ("USD", "US$", "$"):
        return None
    return next((total for name in ("total_cost", "totalCost") if (total := amount_of(value.get(name))) is not None), None)


def _count(value: object) -> int | None:
    # A negative number is kept, so that it is recognised as wrong.
    if isinstance(value, int | Decimal) and value < 0:
        return -1
    return count_of(value)


def _input_details(value: object) -> InputDetails | None:
    if not isinstance(value, dict):
        return None
    return InputDetails(*(_count(value.get(name)) for name in InputDetails.__struct_fields__))


def _output_details(value: object) -> OutputDetails | None:
    if not isinstance(value, dict):
        return None
    return OutputDetails(*(_count(value.get(name)) for name in OutputDetails.__struct_fields__))
