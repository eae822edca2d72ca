"""The text of one delta or message: the answer, and the reasoning under the many names that servers use."""

from collections.abc import Mapping

import msgspec

from playground.providers.errors.provider_messages import plain_name
from playground.providers.loose_values import text_of

_THINKING_NAMES = (
    "reasoningcontent",
    "reasoning",
    "thinking",
    "reasoningtext",
    "reasoningsummary",
    "thinkingcontent",
    "thought",
    "thoughts",
    "reasoningdetails",
    "thinkingblocks",
)
"""In the form of `plain_name`. Servers send the same reasoning under several of them; the first one with text counts."""
_FLAGS = ("thought", "is_thought", "thinking", "is_thinking", "reasoning", "is_reasoning")
"""Members that are `true` if the text next to them is reasoning."""
_THINKING_PARTS = ("text", "summary", "thinking", "content")
_ANSWER_PARTS = ("text", "content", "refusal", "transcript")
_DEEPEST = 4
"""The most levels of lists and objects around a piece of reasoning."""


class ThinkingPart(msgspec.Struct, gc=False):
    """An item of `reasoning_details`, as sent by MiniMax and OpenRouter."""

    text: str | None = None
    summary: str | None = None


class ChunkText(msgspec.Struct, gc=False):
    """`delta` of a stream, or `message` of a whole answer."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    reasoning_details: list[ThinkingPart] | None = None
    # If one of these has a value, the payload is not in the usual form.
    error: None = None
    finish_reason: None = None

    @property
    def thought(self) -> str | None:
        """Return the reasoning, under any of its names."""
        if self.reasoning_content or self.reasoning:
            return self.reasoning_content or self.reasoning
        if not self.reasoning_details:
            return None
        return "".join(part.text or part.summary or "" for part in self.reasoning_details)


def text_from(value: object) -> ChunkText | None:
    """Read a leniently decoded delta or message, as far as possible."""
    if isinstance(value, str):
        return ChunkText(content=value)
    if not isinstance(value, dict):
        return None
    plain = {plain_name(name): member for name, member in value.items()}
    content = value.get("content")
    if isinstance(content, dict):  # One part, or Google's list of parts.
        parts = content.get("parts")
        content = parts if isinstance(parts, list) else [content]
    thinking, answer = _parts(content) if isinstance(content, list) else ("", text_of(content))
    audio = value.get("audio")
    if not answer and isinstance(audio, dict):
        answer = text_of(audio.get("transcript"))
    if answer and _is_flagged(value):
        thinking, answer = answer, None
    thoughts = (_thinking(plain.get(name)) for name in _THINKING_NAMES)
    return ChunkText(answer, next(filter(None, thoughts), thinking), None, text_of(value.get("refusal")))


def _is_flagged(value: Mapping[str, object]) -> bool:
    return any(value.get(name) is True for name in _FLAGS)


def _parts(parts: list[object]) -> tuple[str, str]:
    """Return the reasoning and the answer in a list of parts: `{"type": "thinking", "thinking": [{"type": "text", "text": ...}]}`."""
    thinking: list[str] = []
    answer: list[str] = []
    for part in parts:
        if isinstance(part, dict) and (str(part.get("type")).startswith(("thinking", "reasoning", "thought")) or _is_flagged(part)):
            thinking.append(_thinking(part))
        elif isinstance(part, dict):
            thinking.append(_thinking(part.get("thinking")))
            answer.append(next(filter(None, (text_of(part.get(name)) for name in _ANSWER_PARTS)), ""))
        else:
            answer.append(text_of(part) or "")
    return "".join(thinking), "".join(answer)


def _thinking(value: object, levels: int = _DEEPEST) -> str:
    """Return the reasoning in a text, a part, or a list of parts."""
    if isinstance(value, list | dict) and not levels:
        return ""
    if isinstance(value, list):
        return "".join(_thinking(part, levels - 1) for part in value)
    if isinstance(value, dict):
        return next(filter(None, (_thinking(value.get(name), levels - 1) for name in _THINKING_PARTS)), "")
    return text_of(value) or ""
