"""Reasoning that a model writes into its text between two tags, before its answer, if its server doesn't separate it."""

import re

from playground.providers.calls import Delta

from .template_tokens import FIRST_TOKENS, TemplateTokens

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|channel>thought": "<channel|>",
}
"""In lower case. Source of the less usual ones: the chat templates of Gemini, Seed-OSS, Magistral, Kimi-VL and Gemma."""
_WITH_ATTRIBUTES = re.compile(r"<(think|thinking|thought|reasoning)\s+[\w:-]+\s?=[^<>]{0,100}>", re.IGNORECASE)
"""Such as `<think duration="3">`."""
_MAYBE_WITH_ATTRIBUTES = re.compile(r"<(think|thinking|thought|reasoning)\s[^<>]{0,120}", re.IGNORECASE)
_ENDS = tuple(_TAGS.values())
_BEGINNINGS = (*_TAGS, *_ENDS, *FIRST_TOKENS)
_LONGEST = max(map(len, _BEGINNINGS))
_MOST_BLOCKS = 20
"""The most consecutive pieces of reasoning. A text of only tags is text."""
_MOST_HELD_CHARACTERS = 1_000
"""The most white space that is held back."""
_LONE_END = re.compile(r"</think>(?:[ \t]*(?:\r?\n|$)|(?<=[.!?:)\]…。！？\n]</think>)|(?<=\S</think>)(?=\w))\s*")
"""A template may put the first tag into the prompt, so that the answer has only the second: at the end of a line or sentence, or without
white space on either side. If a text mentions the tag, there are spaces or quotation marks around it."""


class ThinkTags:
    """Processes the start of an answer piece by piece, as deltas, and marks the reasoning."""

    def __init__(self) -> None:
        self.over = False
        """Nothing more has to be split: the answer itself has started, or it started without a tag."""
        self._held = ""
        """Text that may be a part of a tag, or white space before or after one."""
        self._end: str | None = None
        """The tag that ends the current reasoning."""
        self._fresh = True
        """No reasoning came yet except line breaks."""
        self._blocks = 0
        """The number of finished pieces of reasoning."""
        self._thought = False
        self._tokens: TemplateTokens | None = None
        """Processes the rest, if it starts with a token of a template."""

    def take(self, deltas: list[Delta], *, thought: bool = False) -> list[Delta]:
        """Return the same text without the tags, with the reasoning marked. `thought`: there was reasoning in a separate field."""
        self._thought = thought
        taken: list[Delta] = []
        for delta in deltas:
            if self.over or delta.reasoning:
                taken.append(delta)
            elif self._tokens is not None:
                self._take_tokens(self._tokens, delta.text, taken)
            else:
                self._take(self._held + delta.text, taken)
        return taken

    def rest(self) -> list[Delta]:
        """Return the text that was held back, when no more follows."""
        if self._tokens is not None and not self.over:
            return self._tokens.rest()
        held, self._held = self._held, ""
        if self._end is None and self._blocks:
            held = held.lstrip("\r\n")
        return [Delta(held, self._end is not None)] if held else []

    def _take(self, text: str, taken: list[Delta]) -> None:
        self._held = ""
        rest: str | None = text
        while rest is not None:
            rest = self._after_beginning(rest, taken) if self._end is None else self._after_thinking(rest, self._end, taken)

    def _after_beginning(self, text: str, taken: list[Delta]) -> str | None:
        """Process text before the answer: at its start, or after reasoning that more reasoning may follow.

        Returns the text after a tag, or `None` if everything was processed.
        """
        start = text.lstrip()
        lowered = start[:_LONGEST].lower()
        tag = next((tag for tag in _TAGS if lowered.startswith(tag)), None)
        end = next((end for end in _ENDS if lowered.startswith(end)), None)
        opening = _WITH_ATTRIBUTES.match(start)
        if self._blocks >= _MOST_BLOCKS:
            tag = end = opening = None
        if tag is not None:
            return self._enter(_TAGS[tag], start[len(tag) :])
        if opening is not None:
            return self._enter(f"</{opening.group(1).lower()}>", start[opening.end() :])
        if end is not None and (self._thought or self._blocks or not start[len(end) :].startswith((" ", "\t"))):
            # Only the tag after the reasoning was left in the text. If a space follows it, the text may be about the tag.
            if start == end and not (self._thought or self._blocks):
                self._held = text
                return None
            return self._leave(start[len(end) :])
        if self._blocks == 0 and lowered.startswith(FIRST_TOKENS):
            self._tokens = TemplateTokens()
            self._take_tokens(self._tokens, start, taken)
        elif len(text) <= _MOST_HELD_CHARACTERS and (
            any(each.startswith(lowered) for each in _BEGINNINGS) or _MAYBE_WITH_ATTRIBUTES.fullmatch(start)
        ):
            self._held = text
        else:
            self.over = True
            taken.append(Delta(text.lstrip("\r\n") if self._blocks else text, reasoning=False))
        return None

    def _take_tokens(self, tokens: TemplateTokens, text: str, taken: list[Delta]) -> None:
        taken += tokens.take(text)
        self.over = tokens.over

    def _enter(self, end: str, rest: str) -> str:
        self._end, self._fresh = end, True
        return rest

    def _leave(self, rest: str) -> str:
        self._end = None
        self._blocks += 1
        return rest

    def _after_thinking(self, text: str, end: str, taken: list[Delta]) -> str | None:
        """Process text within reasoning. Returns the text after its end, or `None` if the end has not arrived."""
        if self._fresh:
            text = text.lstrip("\r\n")
        found = re.search(re.escape(end), text, re.IGNORECASE)
        kept = found.start() if found else len(text) - _beginning_at_end(text, end)
        if kept:
            self._fresh = False
            taken.append(Delta(text[:kept], reasoning=True))
        if found is not None:
            return self._leave(text[found.end() :])
        self._held = text[kept:]
        return None


def without_thinking(text: str) -> str:
    """Return an answer's text as it is sent back to a model: without reasoning between tags at its start, or before a lone second tag."""
    tags = ThinkTags()
    deltas = [*tags.take([Delta(text, reasoning=False)]), *tags.rest()] if text else []
    answer = "".join(delta.text for delta in deltas if not delta.reasoning)
    return part_at_lone_end(answer)[1]


def part_at_lone_end(text: str) -> tuple[str, str]:
    """Return the reasoning before a `</think>` without a `<think>`, and the answer after it. Without the tag, everything is the answer."""
    end = _LONE_END.search(text)
    if end is None:
        return "", text
    before = text[: end.start()]
    # A tag in quotation marks or code doesn't count.
    in_code = before.count("```") % 2 or before.rpartition("\n")[2].count("`") % 2
    if "<think>" in before or before.endswith(('"', "'")) or in_code:
        return "", text
    return before, text[end.end() :]


def _beginning_at_end(text: str, tag: str) -> int:
    """Return how many characters at the end of `text` may start `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text[-size:].lower() == tag[:size]), 0)
