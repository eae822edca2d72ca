"""Decodes one payload of an answer's stream: the usual form fast, all other forms leniently.

`decode_fast` fills structs that have only the used fields. Payloads that don't fit (content as a list of parts, a number instead of a text,
a surrogate whose other half is in the next payload) are decoded again by `tolerant`, into the same structs.
"""

import json
from decimal import Decimal
from typing import Any

import msgspec

from playground.providers.loose_values import count_of, text_of

from .chunk_text import ChunkText, text_from
from .error_forms import error_in
from .finish_reasons import ending_of, graver_of
from .reported_usage import ChunkUsage, cost_from, usage_from


class ChunkChoice(msgspec.Struct, gc=False):
    """An item of `choices`."""

    delta: ChunkText | None = None
    message: ChunkText | None = None
    finish_reason: str | None = None
    native_finish_reason: None = None
    """OpenRouter's field for the finish reason of the provider behind it. If it has a value, the payload is not in the usual form, and
    `tolerant` combines both reasons."""
    text: None = None
    """The text in the format of the older completions API."""
    error: None = None
    """The error of a choice, as sent by gateways; `tolerant` treats it as the payload's."""
    index: int = 0


class GroqExtra(msgspec.Struct, gc=False):
    """`x_groq`: Groq's object for the usage of a stream and errors in it."""

    usage: ChunkUsage | None = None
    error: dict[str, Any] | str | None = None


class Chunk(msgspec.Struct, gc=False):
    """One payload. `error` is an object; if it is a text, `tolerant` also looks for a code next to it."""

    choices: list[ChunkChoice] | None = None
    usage: ChunkUsage | None = None
    cost: Decimal | None = None
    model: str | None = None
    error: dict[str, Any] | None = None
    x_groq: GroqExtra | None = None


class NotJsonError(ValueError):
    """A payload is not a JSON object."""


decode_fast = msgspec.json.Decoder(Chunk).decode
"""Return a payload in the usual form as a chunk. Raises one of `NOT_USUAL` for any other."""

NOT_USUAL = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def tolerant(payload: bytes) -> Chunk:
    """Return `payload` as a chunk, leniently, without the parts that can't be understood. Texts may contain lone surrogates."""
    answer = decode_loosely(payload)
    if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "error" in answer[0]:
        answer = answer[0]  # Google's errors come in a list.
    if not isinstance(answer, dict):
        raise NotJsonError
    choices = answer.get("choices")
    if isinstance(choices, dict):
        choices = [choices]
    if not choices and _reason_in(answer):
        choices = [answer]  # Without choices, a reason ends the answer too.
    groq = answer.get("x_groq")
    return Chunk(
        choices=[_choice(choice) for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else None,
        usage=_usage_in(answer, choices),
        cost=cost_from(answer.get("cost")),
        model=text_of(answer.get("model")),
        error=error_in(answer),
        x_groq=GroqExtra(usage_from(groq.get("usage")), error_in(groq)) if isinstance(groq, dict) else None,
    )


def decode_loosely(payload: bytes) -> object:
    """Return any JSON as Python objects, with fractions as `Decimal`. Raises `NotJsonError` if it is not JSON."""
    try:
        return json.loads(payload.decode("utf-8", "replace"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise NotJsonError from None


def _choice(choice: dict[str, Any]) -> ChunkChoice:
    return ChunkChoice(
        delta=text_from(choice.get("delta", choice.get("text") if choice.get("message") is None else None)),
        message=text_from(choice.get("message")),
        finish_reason=_reason_in(choice) or _reason_in(choice.get("delta")) or _reason_in(choice.get("message")),
        index=count_of(choice.get("index")) or 0,
    )


def _reason_in(place: object) -> str | None:
    """Return the finish reason in a choice, delta or message, under any of its names."""
    if not isinstance(place, dict):
        return None
    native, details = text_of(place.get("native_finish_reason")), place.get("finish_details")
    reasons = [place.get("finish_reason"), place.get("finishReason"), place.get("done_reason"), details]
    said = next((reason for each in reasons if (reason := text_of(each.get("type") if isinstance(each, dict) else each))), None)
    if said is None and native is None:
        # In vLLM's answers this is the matched stop sequence, which may be any text.
        stop = text_of(place.get("stop_reason"))
        return stop if stop and ending_of(stop) is not None else None
    return graver_of(said, native)


def _usage_in(answer: dict[str, Any], choices: object) -> ChunkUsage | None:
    """Return the usage of a payload from any place: by itself, in a choice (Moonshot), in a message, or in `meta`."""
    places: list[object] = [answer, answer.get("message"), answer.get("response"), answer.get("data"), answer.get("delta")]
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            places += [choice, choice.get("message"), choice.get("delta")]
    found = (usage_from(place.get(name)) for place in places if isinstance(place, dict) for name in _USAGE_NAMES)
    return next((usage for usage in found if usage is not None), None) or usage_from(answer)


_USAGE_NAMES = ("usage", "usage_metadata", "usageMetadata", "token_usage", "tokenUsage", "meta")
