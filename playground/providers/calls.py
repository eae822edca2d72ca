"""The interface between providers and the rest of the service: the call to make, and the deltas and usage that result."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from .records import Provider

Role = Literal["system", "user", "assistant"]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high"]


class Message(NamedTuple):
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to one model. `None` leaves a parameter at the provider's default."""

    provider: Provider
    model: str
    """The provider's name for the model, such as `llama-3.3-70b-versatile`."""
    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())
    reasoning_effort: ReasoningEffort | None = None


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A piece of an answer: its text (never empty), and whether it is reasoning or part of the answer."""

    text: str
    reasoning: bool


class Source(msgspec.Struct, frozen=True):
    """A source that an answer cites. It has a `url`, a `title`, or both."""

    url: str | None
    """An http or https URL; `None` if the provider sent none."""
    title: str | None


class Attachment(msgspec.Struct, frozen=True):
    """A part of an answer that is not text. Its content is not stored."""

    kind: Literal["image", "audio", "file"]
    type: str | None = None
    """The media type, such as `image/png`."""
    size: int | None = None
    """Size in bytes."""
    url: str | None = None
    """The http or https URL of the content at the provider."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call. Tokens read from or written to a cache are part of `input_tokens`, reasoning is part of `output_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None = None
    """Input read from the provider's cache, at a lower price."""
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    """The cost reported by the provider, in US dollars."""
    cache_write_tokens: int | None = None
    """Input written to the provider's cache, for which some providers charge more."""
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    unknown_input: bool = False
    """The provider reported no input count, or an impossible one: `input_tokens` is 0 and has to be counted."""
    unknown_output: bool = False
    """The same for the output."""
