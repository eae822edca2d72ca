"""One payload of an answer's stream, decoded: the usual form fast, every other form that servers send with patience.

`decode_fast` fills structs that hold only the used fields. What does not fit them (content as a list of parts, a number where a text
should be, a surrogate whose other half comes in the next payload) is decoded again by `tolerant`, into the same structs.
"""

import json
from decimal import Decimal
from typing import Any

import msgspec

from .error_forms import error_in
from .finish_reasons import graver_of


class ChunkText(msgspec.Struct, gc=False):
    """`delta` of a stream, or `message` of a whole answer."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class ChunkChoice(msgspec.Struct, gc=False):
    """One of `choices`; only the first is used, since one answer is asked for."""

    delta: ChunkText | None = None
    message: ChunkText | None = None
    finish_reason: str | None = None
    native_finish_reason: None = None
    """OpenRouter's name for what the model's own provider said. Where it says something, the payload is none in the usual form, and
    `tolerant` makes one reason of both."""
    error: None = None
    """Where a gateway puts what failed in a choice; `tolerant` reads it as the payload's."""


class PromptDetails(msgspec.Struct, gc=False):
    """`usage.prompt_tokens_details`."""

    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct, gc=False):
    """`usage.completion_tokens_details`."""

    reasoning_tokens: int | None = None


class CostDetails(msgspec.Struct, gc=False):
    """What OpenRouter says of a cost, in US dollars."""

    upstream_inference_cost: Decimal | None = None


class ChunkUsage(msgspec.Struct, gc=False):
    """`usage`, in OpenAI's words. `cost` is OpenRouter's, in US dollars, exactly as the JSON text has it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for the cached tokens."""
    cost: Decimal | None = None
    is_byok: bool = False
    """OpenRouter asked with a key of its user's: `cost` is its own fee alone, and the model's provider is paid beside it."""
    cost_details: CostDetails | None = None


class GroqExtra(msgspec.Struct, gc=False):
    """`x_groq`: where Groq puts the usage of a stream, and what failed in it."""

    usage: ChunkUsage | None = None
    error: dict[str, Any] | str | None = None


class Chunk(msgspec.Struct, gc=False):
    """One payload. `error` is whatever stands there."""

    choices: list[ChunkChoice] | None = None
    usage: ChunkUsage | None = None
    cost: Decimal | None = None
    model: str | None = None
    error: dict[str, Any] | str | None = None
    x_groq: GroqExtra | None = None


class NotJsonError(ValueError):
    """A payload is no JSON object."""


_MOST = 10**15
"""Numbers from here on are no counts; `1e999999` would fill the memory as an integer."""

decode_fast = msgspec.json.Decoder(Chunk).decode
"""A payload in the usual form as a chunk. Raises one of `NOT_USUAL` for any other."""

NOT_USUAL = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def tolerant(payload: bytes) -> Chunk:
    """`payload` as a chunk, taking what can be understood and leaving out the rest. Texts may hold lone surrogates."""
    answer = decode_loosely(payload)
    if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "error" in answer[0]:
        answer = answer[0]  # Google's errors come in a list.
    if not isinstance(answer, dict):
        raise NotJsonError
    choices = answer.get("choices")
    groq = answer.get("x_groq")
    return Chunk(
        choices=[_choice(choice) for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else None,
        usage=_usage(answer.get("usage")),
        cost=amount_of(answer.get("cost")),
        model=_text(answer.get("model")),
        error=error_in(answer),
        x_groq=GroqExtra(_usage(groq.get("usage")), error_in(groq)) if isinstance(groq, dict) else None,
    )


def decode_loosely(payload: bytes) -> object:
    """Any JSON as Python objects, numbers with a point as `Decimal`. Raises `NotJsonError` when it is no JSON."""
    try:
        return json.loads(payload.decode("utf-8", "replace"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise NotJsonError from None


def _choice(choice: dict[str, Any]) -> ChunkChoice:
    reason = graver_of(_text(choice.get("finish_reason")), _text(choice.get("native_finish_reason")))
    return ChunkChoice(_texts(choice.get("delta")), _texts(choice.get("message")), reason)


def _texts(value: object) -> ChunkText | None:
    if isinstance(value, str):
        return ChunkText(content=value)
    if not isinstance(value, dict):
        return None
    content = value.get("content")
    thinking, answer = _parts(content) if isinstance(content, list) else (None, _text(content))
    return ChunkText(answer, _text(value.get("reasoning_content")) or thinking, _text(value.get("reasoning")), _text(value.get("refusal")))


def _parts(parts: list[object]) -> tuple[str, str]:
    """The thinking and the answer in a list of parts: `{"type": "thinking", "thinking": [{"type": "text", "text": ...}]}`."""
    thinking: list[str] = []
    answer: list[str] = []
    for part in parts:
        if isinstance(part, str):
            answer.append(part)
        elif isinstance(part, dict):
            inner = part.get("thinking")
            if isinstance(inner, list):
                thinking.extend(_parts(inner))
            else:
                thinking.append(_text(inner) or "")
            answer.append(_text(part.get("text")) or "")
    return "".join(thinking), "".join(answer)


def _usage(value: object) -> ChunkUsage | None:
    if not isinstance(value, dict):
        return None
    prompt, completion = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    details = value.get("cost_details")
    return ChunkUsage(
        prompt_tokens=count_of(value.get("prompt_tokens")),
        completion_tokens=count_of(value.get("completion_tokens")),
        total_tokens=count_of(value.get("total_tokens")),
        prompt_tokens_details=PromptDetails(count_of(prompt.get("cached_tokens"))) if isinstance(prompt, dict) else None,
        completion_tokens_details=CompletionDetails(count_of(completion.get("reasoning_tokens"))) if isinstance(completion, dict) else None,
        prompt_cache_hit_tokens=count_of(value.get("prompt_cache_hit_tokens")),
        cost=amount_of(value.get("cost")),
        is_byok=value.get("is_byok") is True,
        cost_details=CostDetails(amount_of(details.get("upstream_inference_cost"))) if isinstance(details, dict) else None,
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value)


def count_of(value: object) -> int | None:
    """A number of tokens: whole, also as `12.0` or `"12"`."""
    amount = amount_of(value)
    return int(amount) if amount is not None and amount < _MOST else None


def amount_of(value: object) -> Decimal | None:
    """A finite number of 0 or more, exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
