"""What the rest of the service and the providers say to each other: the call that goes in, the deltas and the usage that come out."""

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
    """One request to one model. `None` leaves a parameter to the provider's default."""

    provider: Provider
    model: str
    """The provider's own name of the model, as `llama-3.3-70b-versatile`."""
    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())
    reasoning_effort: ReasoningEffort | None = None


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A piece of an answer as it came: its text (never empty), and whether it is thinking or the answer itself."""

    text: str
    reasoning: bool


class Source(msgspec.Struct, frozen=True):
    """Something an answer refers to. One of `url` and `title` is there."""

    url: str | None
    """An address of http or https; `None` where the provider named none."""
    title: str | None


class Attachment(msgspec.Struct, frozen=True):
    """A part of an answer that is no text. What it contains is not kept."""

    kind: Literal["image", "audio", "file"]
    type: str | None = None
    """As `image/png`."""
    size: int | None = None
    """In bytes."""
    url: str | None = None
    """Where the provider keeps it: an address of http or https."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call. What was read from a cache or written to it is part of `input_tokens`, thinking part of `output_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None = None
    """Read from the provider's cache, at a lower price."""
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    """What the provider says it charged, in US dollars."""
    cache_write_tokens: int | None = None
    """Written to the provider's cache, for which some charge more."""
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    unknown_input: bool = False
    """The provider reported no input, or an impossible one: `input_tokens` is 0, and has to be counted."""
    unknown_output: bool = False
    """The same of the output."""
