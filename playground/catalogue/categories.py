"""Categories of models; `CATEGORIES` is the table, with one rule per category."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playground.providers.records import ListedModel, Provider

CategoryId = Literal["chat", "reasoning", "vision", "code", "small", "open-weights"]
_SMALL_BILLIONS = 10
"""Parameters, in billions, up to which a model counts as small."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The data about a model that the rules use."""

    provider: Provider
    listed: ListedModel
    name: str
    """The last part of the provider's own name, without a route, in lower case."""

    @classmethod
    def of(cls, provider: Provider, listed: ListedModel) -> "Subject":
        """A line of a provider's list."""
        return cls(provider, listed, listed.name.rpartition("/")[2].lower())


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the table."""

    id: CategoryId
    name: str
    description: str
    applies: Callable[[Subject], bool]


def _named(pattern: str, *, but: str = "(?!)") -> Callable[[Subject], bool]:
    """Whether the name contains `pattern`, and not `but`."""
    found, excluded = re.compile(pattern), re.compile(but)
    return lambda subject: found.search(subject.name) is not None and excluded.search(subject.name) is None


_reasons = _named(
    r"^o[1-9](-|$)|gpt-5|gpt-oss|deepseek-r\d|deepseek-v[4-9]|reason|thinking|(^|-)think($|-)|qwq|qwen3|magistral|grok-(3-mini|[4-9])"
    r"|gemini-(2\.5|[3-9])|gemini-(flash|pro)-latest|claude-(3-7|3\.7|(opus|sonnet|haiku)-[4-9])|glm-(4\.[5-9]|[5-9]|z1)"
    r"|minimax-m[1-9]|phi-4-mini-flash|exaone-deep|skywork-or",
    but=r"instruct|non-?(thinking|reasoning)|gpt-5[.\d]*-chat|qwen3-(coder|max|embedding)",
)
_sees = _named(
    r"^gpt-(4o|4\.1|4\.5|4-turbo|4-vision|5)|^chatgpt-4o|^o[134](-|$)|gemini|claude|pixtral|llava|(^|[-_.\d])vl([-_.:]|$)|vision|omni"
    r"|gemma-?3|llama-4|mistral-(small-(3\.[12]|24|25|latest)|medium-(3|25|latest)|large-(3|25|latest))|ministral-3|grok-([4-9]|2-vision)"
    r"|internvl|minicpm-v|molmo|phi-4-multimodal|kimi-(vl|k2\.5)|nova-(lite|pro|premier)|qwen3\.5",
    but=r"o1-mini|o3-mini|o1-preview|audio|realtime|claude-(2|instant)|search-preview|gemma-?3(-|:)(1b|270m)|gemma-?3n",
)
_codes = _named(
    r"(^|[-_.\d])cod(e|er|ex)([-_.:\d]|$)|codestral|devstral|codegemma|codellama|codeqwen|starcoder|deepcoder|granite-code|swe-"
)
_is_named_small = _named(r"(^|[-_.\d])(mini|nano|tiny|lite|micro|haiku|instant)([-_.:]|$)|ministral|smollm|^quick$")
_has_open_weights = _named(
    r"llama|qwen|qwq|mistral-(7b|nemo|small)|open-mi[sx]tral|mixtral|ministral|pixtral-12b|codestral-(22b|mamba)|devstral-small|magistral-small"
    r"|gemma|(^|[-_])phi-?\d|deepseek|gpt-oss|glm-(4|5|z1)|kimi-(k2|vl|dev|linear)|minimax-(m|01)|olmo|molmo|falcon|command-(r|a)|aya|nemotron"
    r"|granite|smollm|yi-\d|starcoder|jamba|dbrx|hermes|wizardlm|zephyr|exaone|internlm|internvl|llava|step-3|ernie-4\.5|hunyuan-a",
    but=r"qwen[\d.]*-(max|plus|turbo)|qwen-(max|plus|turbo|vl-max|vl-plus)|mistral-small-(latest|creative)|qwen-long",
)
_OPEN_WEIGHT_PROVIDERS = frozenset({"ollama", "huggingface"})
_NOT_CHAT = re.compile(r"(^|[-_])(base|guard|embed\w*|moderation|rerank\w*|whisper|tts|ocr)([-_.:\d]|$)|prompt-guard|safeguard")
_BILLIONS = re.compile(r"(?<![a-z\d.])(\d+x)?(\d+(?:\.\d+)?)b(?![a-z])")
_MILLIONS = re.compile(r"(?<![a-z\d.])\d+m(?![a-z])")


def _takes_images(subject: Subject) -> bool:
    inputs = subject.listed.input_modalities
    return "image" in inputs if inputs else _sees(subject)


def _is_small(subject: Subject) -> bool:
    """By the number of parameters where the name has it: of all of them, which is the larger number in `30b-a3b`."""
    sizes = [float(size) * int(times[:-1] or 1) if times else float(size) for times, size in _BILLIONS.findall(subject.name)]
    if sizes:
        return max(sizes) <= _SMALL_BILLIONS
    return _MILLIONS.search(subject.name) is not None or _is_named_small(subject)


CATEGORIES: tuple[Category, ...] = (
    Category("chat", "Chat", "Answers in a conversation", lambda subject: _NOT_CHAT.search(subject.name) is None),
    Category("reasoning", "Reasoning", "Thinks before it answers, or can be told to", _reasons),
    Category("vision", "Vision", "Takes images", _takes_images),
    Category("code", "Code", "Made for writing programs", _codes),
    Category("small", "Small", f"Small and fast: at most {_SMALL_BILLIONS} billion parameters, or called so by its maker", _is_small),
    Category(
        "open-weights",
        "Open weights",
        "Its weights are published: anyone can run it",
        lambda subject: subject.provider.id in _OPEN_WEIGHT_PROVIDERS or _has_open_weights(subject),
    ),
)
"""In the order in which they are shown."""


def categories_of(provider: Provider, listed: ListedModel) -> tuple[CategoryId, ...]:
    """The categories of a model, in the order of the table. A wildcard has none, as it stands for many models."""
    if "*" in listed.name:
        return ()
    subject = Subject.of(provider, listed)
    return tuple(category.id for category in CATEGORIES if category.applies(subject))
