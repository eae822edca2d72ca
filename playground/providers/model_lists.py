"""Reads lists of models in the many forms that providers send."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from playground.kit.text import clean
from playground.providers.answer.chunks import NotJsonError, decode_loosely
from playground.providers.errors.kinds import UnexpectedAnswer
from playground.providers.errors.provider_messages import shorten

from .list_prices import read_price
from .loose_values import count_of
from .records import ListedModel, Provider

_QUOTED_BYTES = 4_000
_CONTEXT_NAMES = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens", "input_token_limit")
_TYPE_NAMES = ("type", "mode", "model_type", "task")
"""The fields that say what a model is for: Together's and Vercel's `type`, LiteLLM's `mode`."""
_NOT_CHAT_WORDS = frozenset({"embed", "embedding", "embeddings", "rerank", "reranker", "reranking", "moderation", "moderations"})
_NOT_CHAT_WORDS |= {"transcribe", "transcription", "speech", "tts", "stt", "asr", "ocr"}
_NOT_CHAT_TYPES = frozenset({"image", "audio", "video", "images", "realtime", "search"})
_MADE_MEDIA = re.compile(r"(to[-_ ](image|audio|video|speech)|(image|video|audio)[-_ ](generation|edit|edits))$")
_BASE_TYPES = frozenset({"language", "code"})
"""Together's type for base models, which complete text but don't chat; it also has `chat`. For Vercel, `language` is every chat model."""


def chat_models(page: bytes, provider: Provider) -> Iterator[ListedModel]:
    """Return the models of one page of a list, without those marked as not for chat. Raises `UnexpectedAnswer` if it is not a list."""
    not_chat = re.compile(provider.quirks.not_chat) if provider.quirks.not_chat else None
    entries = _entries(page, provider)
    base_types = _BASE_TYPES if any("chat" in _types(entry) for entry in entries) else frozenset[str]()
    for entry in entries:
        name = entry.get("id") or entry.get("name")
        if not isinstance(name, str) or not name or not _chats(entry, base_types):
            continue
        name = clean(name).removeprefix(provider.quirks.list_prefix)
        if not_chat is None or not not_chat.match(name):
            yield from _listed(name, entry)


def next_page(page: bytes) -> Mapping[str, str] | None:
    """Return the query of the next page in Anthropic's format; `None` after the last page."""
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
        # Longer than the final quote, so that a key in it is found completely and removed.
        quoted = shorten(page[:_QUOTED_BYTES].decode("utf-8", "replace"), provider.secret)
        message = f"{provider.name} did not send a list of models: “{quoted}”. Check the base URL."
        raise UnexpectedAnswer(message, provider=provider.name)
    return [entry for entry in answer if isinstance(entry, dict)]


def _chats(entry: Mapping[str, Any], base_types: frozenset[str]) -> bool:
    capabilities = entry.get("capabilities")  # Mistral
    if isinstance(capabilities, dict) and capabilities.get("completion_chat") is False:
        return False
    if entry.get("active") is False or entry.get("archived") is True:  # Groq; Mistral
        return False
    if any(kind in base_types or _is_not_chat(kind) for kind in _types(entry)):
        return False
    _, outputs = _modalities(entry)
    return not outputs or "text" in outputs


def _types(entry: Mapping[str, Any]) -> list[str]:
    return [kind.lower() for name in _TYPE_NAMES if isinstance(kind := entry.get(name), str)]


def _is_not_chat(kind: str) -> bool:
    return kind in _NOT_CHAT_TYPES or not _NOT_CHAT_WORDS.isdisjoint(re.split("[-_ /]", kind)) or bool(_MADE_MEDIA.search(kind))


def _listed(name: str, entry: Mapping[str, Any]) -> Iterator[ListedModel]:
    title = entry.get("display_name") or entry.get("name")
    inputs, outputs = _modalities(entry)
    price, note = read_price(entry)
    model = ListedModel(
        name=name,
        display_name=clean(title) if isinstance(title, str) and title not in {"", name} else None,
        context_window=_context(entry),
        input_modalities=inputs,
        output_modalities=outputs,
        price=price,
        price_note=note,
    )
    hosts = [host for host in _hosts(entry) if host.get("status", "live") == "live" and isinstance(host.get("provider"), str)]
    if not hosts:
        yield model
        return
    # Hugging Face: several hosts serve a model. The host, and so the price, is known only if the name selects one.
    of_hosts = [
        ListedModel(f"{name}:{clean(host['provider'])}", model.display_name, _context(host), inputs, outputs, *read_price(host))
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
        of_hosts[0].price_note if len(of_hosts) == 1 else None,
    )
    yield from of_hosts


def _hosts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    hosts = entry.get("providers")
    return [host for host in hosts if isinstance(host, dict)] if isinstance(hosts, list) else []


def _context(entry: Mapping[str, Any]) -> int | None:
    return next((count for name in _CONTEXT_NAMES if (count := count_of(entry.get(name)))), None)


def _modalities(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the input and output modalities, from `architecture` of OpenRouter and Hugging Face, or Mistral's `capabilities.vision`."""
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
