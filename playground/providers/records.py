"""The record of a provider: its base URL, its key, and how it differs from OpenAI's protocol."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import SecretStr

_SHORTEST_SECRET = 8
"""In characters. A shorter header value is a word, not a key."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    """The price of input that the provider reads from its cache; `None`: the same as `input`."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry of a provider's list of models."""

    name: str
    """The provider's name for the model, such as `llama-3.3-70b-versatile`."""
    display_name: str | None = None
    context_window: int | None = None
    """In tokens."""
    input_modalities: tuple[str, ...] = ()
    """`text`, `image`, `audio`, ...; empty: unknown."""
    output_modalities: tuple[str, ...] = ()
    price: ListPrice | None = None
    price_note: str | None = None
    """Why the price is unknown although the list has one."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a provider differs from OpenAI's chat completions. The defaults are what most compatible servers accept."""

    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The name of the limit on the answer's length. OpenAI's newer models refuse the old name, and most other servers the new one."""
    stream_options: bool = True
    """It accepts `stream_options.include_usage`. Without it, a provider sends its usage always or never."""
    seed_name: str | None = "seed"
    """`None`: it refuses a seed, so none is sent."""
    reasoning_effort_name: str | None = "reasoning_effort"
    """A dot is a level: `reasoning.effort` is sent as `{"reasoning": {"effort": ...}}`. `None`: it accepts none."""
    reasoning_bodies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By effort: fields to send instead, for efforts with a special form."""
    reasoning_beside_output: bool = False
    """Its `completion_tokens` don't include reasoning, which only `total_tokens` does."""
    extra_body: Mapping[str, object] = field(default_factory=dict)
    """Sent with every request for an answer."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request."""
    list_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with requests for the list of models."""
    list_key_header: str | None = None
    """Requests for the list send the key in this header instead of `Authorization: Bearer`."""
    list_query: Mapping[str, str] = field(default_factory=dict)
    list_prefix: str = ""
    """A prefix of each name in the list that is not part of the name."""
    not_chat: str | None = None
    """A regular expression for the start of names that are not chat models, for lists that don't say what a model is for."""
    routes: bool = False
    """A name may end in `:something`, which is not in the list and selects the provider that runs the model."""
    default_tag: str | None = None
    """The list shows this `:tag` at names that can be written without it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that runs models, called over HTTP with OpenAI's protocol."""

    id: str
    """The first part of a model's name, such as `groq`."""
    name: str
    base_url: str
    api_key: SecretStr | None = None
    simulated: bool = False
    """It is simulated; its answers and prices are invented."""
    prices_id: str | None = None
    """Its id in `genai-prices`, if it is there. `{route}` stands for the end of the model's name (see `prices_id_of`)."""
    prices: Mapping[str, ListPrice] = field(default_factory=dict)
    """Set by the operator, by the provider's name for the model; they override every other source."""
    needs_key: bool = True
    key_variable: str | None = None
    """The variable in which the operator sets the key, for messages."""
    own_key: bool = False
    """The key belongs to the user who sends the request, and who pays."""
    guarded: bool = False
    """The base URL is from a user, so it must use https and a public address (`public_addresses.py`)."""
    quirks: Quirks = field(default_factory=Quirks)

    @property
    def secret(self) -> tuple[str, ...]:
        """The secrets to remove from all messages: the key, and the values of headers, which may be keys too."""
        key = (self.api_key.get_secret_value(),) if self.api_key is not None else ()
        # `Bearer ...` may be echoed without its scheme, and any value as it is written in JSON.
        values = [part for value in self.quirks.headers.values() for part in (value, value.partition(" ")[2], json.dumps(value)[1:-1])]
        return (*key, *(value for value in values if len(value) >= _SHORTEST_SECRET))

    def listed_as(self, model: str) -> tuple[str, ...]:
        """Return the names under which the provider's list may have `model`, the likeliest first.

        Hugging Face accepts `org/model:groq` and lists `org/model`; Ollama accepts `llama3.2` and lists `llama3.2:latest`.
        """
        prefix = self.quirks.list_prefix
        name = model.removeprefix(prefix) if prefix else model
        base, colon, _ = name.rpartition(":")
        if self.quirks.routes and colon:
            return (name, base)
        if self.quirks.default_tag is not None and not colon:
            return (name, f"{name}:{self.quirks.default_tag}")
        return (name,)

    def prices_id_of(self, model: str) -> str | None:
        """Return the id in `genai-prices` of the provider that is paid for `model`, or `None` if unknown.

        Hugging Face's prices are those of the provider that the end of the name selects, such as `huggingface_groq` for `org/model:groq`.
        """
        if self.prices_id is None or "{route}" not in self.prices_id:
            return self.prices_id
        _, colon, route = model.rpartition(":")
        return self.prices_id.replace("{route}", route) if colon else None


def trimmed(key: SecretStr | None) -> SecretStr | None:
    """Return `key` without surrounding white space, such as the line break of a file, or `None` if nothing is left."""
    text = key.get_secret_value().strip() if key is not None else ""
    return SecretStr(text) if text else None
