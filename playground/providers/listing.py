"""Lists of models, in the many shapes in which providers send them."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from playground.text import clean

from .chunks import NotJsonError, amount_of, count_of, decode_loosely
from .errors import UnexpectedAnswer
from .records import ListedModel, ListPrice, Provider
from .told import shorten

_MILLION = 1_000_000
_MOST_EXPONENT = 30
"""Prices are written out in full: `1e-99999` would be 100 KB of zeros."""
_QUOTED_BYTES = 4_000
_CONTEXT_NAMES = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens", "input_token_limit")
# Together's types. Base models ("language", "code") complete text, but have no chat.
_NOT_CHAT_TYPES = frozenset({"language", "code", "image", "embedding", "moderation", "rerank", "audio", "video", "transcribe", "speech"})


def chat_models(page: bytes, provider: Provider) -> Iterator[ListedModel]:
    """The models of one page of a list, without those that it says can't chat. Raises `UnexpectedAnswer` when it is no list."""
    not_chat = re.compile(provider.quirks.not_chat) if provider.quirks.not_chat else None
    for entry in _entries(page, provider):
        name = entry.get("id") or entry.get("name")
        if not isinstance(name, str) or not name or not _chats(entry):
            continue
        name = clean(name).removeprefix(provider.quirks.list_prefix)
        if not_chat is None or not not_chat.match(name):
            yield from _listed(name, entry)


def next_page(page: bytes) -> Mapping[str, str] | None:
    """The query of the page after this one, as Anthropic's list has them; `None` after the last."""
    try:
        answer = decode_loosely(page)
    except NotJsonError:
        return None
    if isinstance(answer, dict) and answer.get("has_more") is True and isinstance(answer.get("last_id"), str):
        return {"after_id": clean(answer["last_id"])}
    return None


def _entries(page: bytes, provider: Provider) -> list[dict[str, Any]]:
    try:
        answer = decode_loosely(page)
    except NotJsonError:
        answer = None
    if isinstance(answer, dict):
        # Ollama without any model: {"object": "list", "data": null}.
        listed = answer.get("data", answer.get("models"))
        answer = [] if listed is None and answer.get("object") == "list" else listed
    if not isinstance(answer, list):
        # More than is quoted in the end, so that a key among it is seen whole and cut out.
        quoted = shorten(page[:_QUOTED_BYTES].decode("utf-8", "replace"), provider.secret)
        message = f"{provider.name} sent no list of models: “{quoted}”. Its base URL may be wrong."
        raise UnexpectedAnswer(message, provider=provider.name)
    return [entry for entry in answer if isinstance(entry, dict)]


def _chats(entry: Mapping[str, Any]) -> bool:
    capabilities = entry.get("capabilities")  # Mistral
    if isinstance(capabilities, dict) and capabilities.get("completion_chat") is False:
        return False
    if entry.get("active") is False or entry.get("archived") is True:  # Groq; Mistral
        return False
    kind = entry.get("type")
    if isinstance(kind, str) and kind in _NOT_CHAT_TYPES:
        return False
    _, outputs = _modalities(entry)
    return not outputs or "text" in outputs


def _listed(name: str, entry: Mapping[str, Any]) -> Iterator[ListedModel]:
    title = entry.get("display_name") or entry.get("name")
    inputs, outputs = _modalities(entry)
    model = ListedModel(
        name=name,
        display_name=clean(title) if isinstance(title, str) and title not in {"", name} else None,
        context_window=_context(entry),
        input_modalities=inputs,
        output_modalities=outputs,
        price=_price(entry.get("pricing")),
    )
    hosts = [host for host in _hosts(entry) if host.get("status", "live") == "live" and isinstance(host.get("provider"), str)]
    if not hosts:
        yield model
        return
    # Hugging Face: several hosts serve a model. Which one does is known, and so the price, only when the name says it.
    of_hosts = [
        ListedModel(f"{name}:{clean(host['provider'])}", model.display_name, _context(host), inputs, outputs, _price(host.get("pricing")))
        for host in hosts
    ]
    windows = [host.context_window for host in of_hosts if host.context_window is not None]
    yield ListedModel(
        name,
        model.display_name,
        min(windows) if windows else model.context_window,
        inputs,
        outputs,
        of_hosts[0].price if len(of_hosts) == 1 else None,
    )
    yield from of_hosts


def _hosts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    hosts = entry.get("providers")
    return [host for host in hosts if isinstance(host, dict)] if isinstance(hosts, list) else []


def _context(entry: Mapping[str, Any]) -> int | None:
    return next((count for name in _CONTEXT_NAMES if (count := count_of(entry.get(name)))), None)


def _modalities(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What goes in and what comes out. OpenRouter's and Hugging Face's `architecture`, Mistral's `capabilities.vision`."""
    architecture = entry.get("architecture")
    if isinstance(architecture, dict):
        inputs, outputs = _words(architecture.get("input_modalities")), _words(architecture.get("output_modalities"))
        modality = architecture.get("modality")
        if not inputs and not outputs and isinstance(modality, str) and "->" in modality:
            before, _, after = clean(modality).partition("->")
            return tuple(before.split("+")), tuple(after.split("+"))
        return inputs, outputs
    capabilities = entry.get("capabilities")
    if isinstance(capabilities, dict) and "completion_chat" in capabilities:
        return ("text", "image") if capabilities.get("vision") is True else ("text",), ("text",)
    return (), ()


def _words(value: object) -> tuple[str, ...]:
    return tuple(clean(word) for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _price(pricing: object) -> ListPrice | None:
    """US dollars per million tokens. `prompt` and `completion` (OpenRouter) are per token, `input` and `output` (Together, Hugging Face)
    per million. OpenRouter's -1 means that it depends, Together's 0 that there is no price by the token: both are unknown here.
    """
    if not isinstance(pricing, dict):
        return None
    if "prompt" in pricing:
        prices = [_dollars(pricing.get(name), _MILLION) for name in ("prompt", "completion", "input_cache_read")]
    else:
        prices = [_dollars(pricing.get(name), 1) for name in ("input", "output", "cached_input")]
        if prices[:2] == [0, 0]:
            return None
    given, written, cached = prices
    return ListPrice(given, written, cached) if given is not None and written is not None else None


def _dollars(value: object, times: int) -> Decimal | None:
    amount = amount_of(value)
    if amount is None or amount >= _MILLION or abs(amount.adjusted()) > _MOST_EXPONENT:
        return None
    return amount * times
