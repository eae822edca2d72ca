"""A provider is a record: where it is, whose key it takes, and how it differs from OpenAI's protocol."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import SecretStr

_SHORTEST_SECRET = 8
"""Characters. A header's value that is shorter is a word, not a key."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    """Of input that the provider reads from its cache; `None`: as `input`."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One line of a provider's own list of models, as far as the provider says."""

    name: str
    """The provider's own name, as `llama-3.3-70b-versatile`."""
    display_name: str | None = None
    context_window: int | None = None
    """In tokens."""
    input_modalities: tuple[str, ...] = ()
    """`text`, `image`, `audio`, ...; empty: unknown."""
    output_modalities: tuple[str, ...] = ()
    price: ListPrice | None = None
    price_note: str | None = None
    """Why the price is unknown although the list names one."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a provider differs from OpenAI's chat completions. The defaults are what most compatible servers take."""

    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The name of the limit on the answer's length. OpenAI's newer models refuse the old name, most other servers the new one."""
    stream_options: bool = True
    """It takes `stream_options.include_usage`. Without it, it either sends its usage unasked or never."""
    seed_name: str | None = "seed"
    """`None`: it refuses a seed, so that none is sent."""
    reasoning_effort_name: str | None = "reasoning_effort"
    """A dot is a level: `reasoning.effort` is sent as `{"reasoning": {"effort": ...}}`. `None`: it takes none."""
    reasoning_bodies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By effort, what is sent instead of it, where an effort has a form of its own."""
    reasoning_beside_output: bool = False
    """Its `completion_tokens` leave the thinking out, which only `total_tokens` holds."""
    extra_body: Mapping[str, object] = field(default_factory=dict)
    """Sent with every request for an answer."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request."""
    list_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent when asking for the list of models."""
    list_key_header: str | None = None
    """The list takes the key in this header, not as `Authorization: Bearer`."""
    list_query: Mapping[str, str] = field(default_factory=dict)
    list_prefix: str = ""
    """Stands before each name in the list, and is not part of it."""
    not_chat: str | None = None
    """A regular expression for the start of names that are no chat models, where the list doesn't say what a model is for."""
    routes: bool = False
    """A name may end in `:something` which the list doesn't show, and which chooses who serves the model."""
    default_tag: str | None = None
    """The list shows this `:tag` with names that may be written without it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that runs models, spoken to over HTTP with OpenAI's protocol."""

    id: str
    """The first part of a model's name, as `groq`."""
    name: str
    base_url: str
    api_key: SecretStr | None = None
    simulated: bool = False
    """Its answers and prices are made up."""
    prices_id: str | None = None
    """Its id in `genai-prices`, where that has it. `{route}` stands for the end of the model's name (see `prices_id_of`)."""
    prices: Mapping[str, ListPrice] = field(default_factory=dict)
    """Set by the operator, by the provider's own model name; above every other source."""
    needs_key: bool = True
    key_variable: str | None = None
    """Where the operator sets its key, for messages."""
    own_key: bool = False
    """The key is that of the user who asks, and so is the money."""
    guarded: bool = False
    """A user gave the address: it is connected to over https and when it is public, and not otherwise (`addresses.py`)."""
    quirks: Quirks = field(default_factory=Quirks)

    @property
    def secret(self) -> tuple[str, ...]:
        """What is to be cut out of all that is told: the key, and the values of headers, which may hold another one."""
        key = (self.api_key.get_secret_value(),) if self.api_key is not None else ()
        # `Bearer ...` may be echoed without its scheme, and any value in JSON, as it is written there.
        values = [part for value in self.quirks.headers.values() for part in (value, value.partition(" ")[2], json.dumps(value)[1:-1])]
        return (*key, *(value for value in values if len(value) >= _SHORTEST_SECRET))

    def listed_as(self, model: str) -> tuple[str, ...]:
        """The names under which the provider's list may show `model`, the likeliest first.

        Hugging Face takes `org/model:groq` and lists `org/model`; Ollama takes `llama3.2` and lists `llama3.2:latest`.
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
        """The id in `genai-prices` of whoever is paid for `model`; `None` when that is unknown.

        Hugging Face's prices are those of the provider that the name's end chooses, as `huggingface_groq` for `org/model:groq`.
        """
        if self.prices_id is None or "{route}" not in self.prices_id:
            return self.prices_id
        _, colon, route = model.rpartition(":")
        return self.prices_id.replace("{route}", route) if colon else None


def trimmed(key: SecretStr | None) -> SecretStr | None:
    """`key` without what is blank around it, as the line end of a file that it comes from; `None` when nothing is left."""
    text = key.get_secret_value().strip() if key is not None else ""
    return SecretStr(text) if text else None
