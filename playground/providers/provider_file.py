"""Additional providers: any server with OpenAI's protocol, described in a TOML file (`PLAYGROUND_PROVIDERS_FILE`).

    [[provider]]
    id = "lab"                                  # the first part of its models' names: lab/our-model
    base_url = "http://10.0.0.5:8000/v1"        # the part before /chat/completions and /models
    name = "Our lab"                            # the name to show; by default the id
    api_key_env = "LAB_API_KEY"                 # the environment variable with its key, or
    api_key = "..."                             # the key itself; omit both if no key is needed
    prices_id = "openai"                        # the provider in genai-prices whose prices apply

    # How it differs from OpenAI; `Quirks` in records.py describes each setting. All are optional.
    like = "gemini"                             # copy the settings of this built-in provider
    max_tokens_name = "max_completion_tokens"   # max_tokens
    stream_options = false                      # true
    seed_name = "random_seed"                   # seed; "" if it refuses one
    reasoning_effort_name = "reasoning.effort"  # reasoning_effort; "" if it refuses one
    routes = true                               # false
    default_tag = "latest"
    list_prefix = "models/"
    not_chat = "embed|rerank"
    headers = { "X-Team" = "research" }
    extra_body = { safe_prompt = true }

    [provider.prices."our-model"]               # US dollars per million tokens
    input = 0.10
    output = 0.40
    cached_input = 0.05                         # by default the same as input

More `[[provider]]` blocks may follow. Amounts are read exactly, never as binary fractions.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from genai_prices.data_snapshot import get_snapshot
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from playground.kit.errors import StartupError
from playground.kit.misspelling import nearest

from .base_urls import base_url_of
from .builtin import BUILTIN
from .records import ListPrice, Provider, Quirks, trimmed

_BUILTIN = {provider.id: provider for provider in BUILTIN}
_TAKEN = frozenset({*_BUILTIN, "sim"})
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""`token` in RFC 9110, 5.6.2."""
_MADE_HEADERS = frozenset({"content-length", "host", "transfer-encoding"})
"""Headers that are created from each request's body and URL."""


def _not_taken(provider_id: str) -> str:
    if provider_id in _TAKEN:
        raise ValueError(f"is the id of a built-in provider; choose an id other than {', '.join(sorted(_TAKEN))}")
    return provider_id


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a valid regular expression: {error}") from None
    return pattern


def _none_if_empty(name: str | None) -> str | None:
    return name or None


def _jsonable(value: object) -> object:
    """Return `value` with each `Decimal`, in which amounts are read, as the float that JSON needs."""
    if isinstance(value, dict):
        return {name: _jsonable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_jsonable(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


def _built_in(provider_id: str) -> str:
    if provider_id not in _BUILTIN:
        raise ValueError(f"is not a built-in provider; choose one of {', '.join(_BUILTIN)}")
    return provider_id


def _priced(prices_id: str) -> str:
    known = sorted(vendor.id for vendor in get_snapshot().providers)
    pattern = re.escape(prices_id).replace(re.escape("{route}"), ".+")
    if not any(re.fullmatch(pattern, each) for each in known):
        raise ValueError(f"is not a provider in genai-prices; leave it out, or choose one of {', '.join(known)}")
    return prices_id


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid header name; use letters, digits and hyphens")
        if name.lower() in _MADE_HEADERS:
            raise ValueError(f"{name} is set for each request; leave it out")
        if not (value.isascii() and value.isprintable()):  # It may be a secret, so it is not shown.
            raise ValueError(f"the value of {name} must be one line of ASCII characters; copy the value again")
    return headers


_Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _PriceEntry(_Entry):
    input: Annotated[_Dollars, Field(strict=False)]
    output: Annotated[_Dollars, Field(strict=False)]
    cached_input: Annotated[_Dollars, Field(strict=False)] | None = None


class _ProviderEntry(_Entry):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$"), AfterValidator(_not_taken)]
    base_url: Annotated[str, AfterValidator(base_url_of)]
    name: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    api_key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    api_key: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None
    prices_id: Annotated[str, AfterValidator(_priced)] | None = None
    prices: dict[str, _PriceEntry] = {}
    like: Annotated[str, AfterValidator(_built_in)] | None = None
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_options: bool = True
    seed_name: Annotated[str | None, AfterValidator(_none_if_empty)] = "seed"
    reasoning_effort_name: Annotated[str | None, AfterValidator(_none_if_empty)] = "reasoning_effort"
    routes: bool = False
    default_tag: str | None = None
    list_prefix: str = ""
    not_chat: Annotated[str, AfterValidator(_regular_expression)] | None = None
    headers: Annotated[dict[str, str], AfterValidator(_sendable)] = {}
    extra_body: Annotated[dict[str, Any], AfterValidator(_jsonable)] = {}

    def quirks(self) -> Quirks:
        given: dict[str, Any] = {quirk.name: getattr(self, quirk.name) for quirk in fields(Quirks) if quirk.name in self.model_fields_set}
        return replace(_BUILTIN[self.like].quirks if self.like is not None else Quirks(), **given)


def read_provider_file(path: Path, variable: Callable[[str], SecretStr | None]) -> list[Provider]:
    """Return the providers in the file, in order. `variable` returns the value of an environment variable.

    Raises `StartupError` naming the file, the entry and the field if something in it is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise StartupError(f"The providers file {path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartupError(f"The providers file {path} is not valid TOML: {error}") from None
    entries = document.pop("provider", [])
    if document or not isinstance(entries, list):
        odd = ", ".join(document) or "provider"
        like = next((name for name in document if nearest(name, ["provider"])), None)
        if like is not None:
            raise StartupError(f"{path}{_line_of(text, like)}: unknown block `{like}`; did you mean `[[provider]]`?")
        raise StartupError(f"{path}: {odd}: only [[provider]] blocks (with two brackets) are allowed")
    providers: list[Provider] = []
    for number, entry in enumerate(entries, start=1):
        provider = _provider(path, text, number, entry, variable)
        if any(known.id == provider.id for known in providers):
            raise StartupError(f"{path}: provider {number} ({provider.id}): id: is already used by an earlier entry")
        providers.append(provider)
    return providers


def _provider(path: Path, text: str, number: int, entry: object, variable: Callable[[str], SecretStr | None]) -> Provider:
    where = f"{path}: provider {number}"
    if isinstance(entry, dict) and isinstance(entry.get("id"), str):
        where += f" ({entry['id']})"
    try:
        read = _ProviderEntry.model_validate(entry)
    except ValidationError as error:
        faults = [_fault(text, number, fault) for fault in error.errors(include_input=False)]
        raise StartupError("\n".join(f"{where}{fault}" for fault in faults)) from None
    if read.api_key is not None and read.api_key_env is not None:
        raise StartupError(f"{where}: api_key: set either api_key or api_key_env, not both")
    key = SecretStr(read.api_key) if read.api_key is not None else None
    if read.api_key_env is not None:
        key = trimmed(variable(read.api_key_env))
        if key is None:
            raise StartupError(f"{where}: api_key_env: the environment variable {read.api_key_env} is not set")
    return Provider(
        id=read.id,
        name=read.name or read.id,
        base_url=read.base_url,
        api_key=key,
        prices_id=read.prices_id,
        prices={model: ListPrice(price.input, price.output, price.cached_input) for model, price in read.prices.items()},
        needs_key=key is not None,
        key_variable=read.api_key_env,
        quirks=read.quirks(),
    )


def _fault(text: str, number: int, fault: Mapping[str, Any]) -> str:
    """Return what is wrong with an entry, as the continuation of the place of the entry."""
    location: tuple[int | str, ...] = fault["loc"]
    if fault["type"] != "extra_forbidden":
        return f": {_field(location)}: {fault['msg'].removeprefix('Value error, ')}"
    name = str(location[-1])
    known = (_ProviderEntry if len(location) == 1 else _PriceEntry).model_fields
    like = nearest(name, known)
    within = f" in {_field(location[:-1])}" if len(location) > 1 else ""
    meant = f"; did you mean `{like}`?" if like is not None else f"; known settings are {', '.join(known)}"
    return f"{_line_of(text, name, number)}: unknown setting `{name}`{within}{meant}"


def _line_of(text: str, name: str, entry: int = 0) -> str:
    """Return the line, such as `, line 7`, in which the entry with that number first sets or opens `name`; empty if unknown."""
    seen = 0
    place = re.compile(rf"""\s*(\[+\s*)?["']?{re.escape(name)}["']?\s*[]=.]""")
    for number, line in enumerate(text.splitlines(), start=1):
        seen += bool(re.match(r"\s*\[\[\s*provider\s*\]\]", line))
        if seen >= entry and place.match(line):
            return f", line {number}" if seen in (entry, 0) or entry == 0 else ""
    return ""


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the entry"
