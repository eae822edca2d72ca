"""Reads the body of `POST /v1/chat/completions`: the fields of OpenAI that have an effect here.

Other fields are ignored, as on many servers.
"""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, NoReturn

import msgspec
from msgspec import Meta

from playground.kit.text import clean

from .errors import bad_request

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Effort = Literal["none", "minimal", "low", "medium", "high"]

_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class Said(NamedTuple):
    """One message of a conversation, as text."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A valid request. `None` stands for the model's default."""

    model: str
    messages: tuple[Said, ...]
    temperature: float | None
    top_p: float | None
    seed: int | None
    max_tokens: int | None
    stop: tuple[str, ...]
    effort: Effort
    stream: bool
    include_usage: bool


class _Part(msgspec.Struct):
    type: str
    text: str | None = None


class _Message(msgspec.Struct):
    role: Role
    content: str | list[_Part] | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


_Tokens = Annotated[int, Meta(ge=1)]


class _Body(msgspec.Struct):
    model: str
    messages: Annotated[list[_Message], Meta(min_length=1)]
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    max_tokens: _Tokens | None = None
    max_completion_tokens: _Tokens | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    reasoning_effort: Effort | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None


def read_call(body: bytes) -> ChatCall:
    """Return the call in a body.

    Raises `ApiError` (400) for a body that is not JSON or has invalid fields. Text is cleaned like in the service: a lone surrogate and
    U+0000 become U+FFFD.
    """
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_request("We could not parse the JSON body of your request. The API expects a JSON payload.") from None
    try:
        fields = msgspec.convert(parsed, _Body)
    except msgspec.ValidationError as error:
        raise _unusable(error) from None
    stop = [fields.stop] if isinstance(fields.stop, str) else fields.stop or []
    return ChatCall(
        model=clean(fields.model),
        messages=tuple(Said(message.role, _text(message, position)) for position, message in enumerate(fields.messages)),
        temperature=fields.temperature,
        top_p=fields.top_p,
        seed=fields.seed,
        max_tokens=fields.max_completion_tokens or fields.max_tokens,
        stop=tuple(clean(sequence) for sequence in stop if sequence),
        effort=fields.reasoning_effort or "medium",
        stream=bool(fields.stream),
        include_usage=bool(fields.stream_options and fields.stream_options.include_usage),
    )


def _text(message: _Message, position: int) -> str:
    if message.content is None or isinstance(message.content, str):
        return clean(message.content or "")
    for number, part in enumerate(message.content):
        if part.text is None:
            raise bad_request("Simulated models accept text only.", param=f"messages[{position}].content[{number}]")
    return clean("".join(part.text or "" for part in message.content))


def _unusable(error: msgspec.ValidationError) -> Exception:
    message = clean(str(error))
    found = _PATH.search(message)
    if found is None:
        return bad_request(message)
    field = found.group(1)
    return bad_request(f"Invalid value for '{field}': {message[: found.start()]}.", param=field)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")
