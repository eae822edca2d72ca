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


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call. `cached_input_tokens` are part of `input_tokens`, `reasoning_tokens` of `output_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    """What the provider says it charged, in US dollars."""
