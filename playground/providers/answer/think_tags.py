"""Thinking that a model writes into its text between two tags, before its answer: where its server does not take it apart."""

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
"""Pieces of thinking one after the other. A text of nothing but tags is text."""
_MOST_HELD_CHARACTERS = 1_000
"""An answer of nothing but blanks is not held back without end."""
_LONE_END = re.compile(r"</think>(?:[ \t]*(?:\r?\n|$)|(?<=[.!?:)\]…。！？\n]</think>)|(?<=\S</think>)(?=\w))\s*")
"""A template may put the first tag into the prompt, so that the answer has only the second: at the end of a line or sentence, or without a
blank on either side. Where the tag is spoken of, blanks or quotation marks stand around it."""


class ThinkTags:
    """Takes the beginning of an answer piece by piece, as deltas, and says what of it is thinking."""

    def __init__(self) -> None:
        self.over = False
        """Nothing more is to be taken apart: the answer itself has begun, or it began without a tag."""
        self._held = ""
        """What may be a part of a tag, or blanks before or behind one."""
        self._end: str | None = None
        """The tag that ends the thinking, within it."""
        self._fresh = True
        """No thinking came yet but line ends."""
        self._blocks = 0
        """How many pieces of thinking are over."""
        self._thought = False
        self._tokens: TemplateTokens | None = None
        """Takes the rest apart, where it began with a token of a template."""

    def take(self, deltas: list[Delta], *, thought: bool = False) -> list[Delta]:
        """The same text, where it is thinking marked as such, without the tags. `thought`: thinking came in a field of its own."""
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
        """What was held back when no more comes."""
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
        """Take text before the answer, at its very beginning or behind thinking, which more thinking may follow.

        Gives what stands behind a tag, and `None` when all of it was taken.
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
            # Only the tag behind the thinking was left in the text. With a blank behind it, the text may speak of it.
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
        """Take text within thinking. Gives what stands behind its end, and `None` when that did not come yet."""
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
    """An answer's text as it is sent back to a model: without thinking between tags at its start, or before a lone second tag."""
    tags = ThinkTags()
    deltas = [*tags.take([Delta(text, reasoning=False)]), *tags.rest()] if text else []
    answer = "".join(delta.text for delta in deltas if not delta.reasoning)
    return part_at_lone_end(answer)[1]


def part_at_lone_end(text: str) -> tuple[str, str]:
    """The thinking before a `</think>` that no `<think>` began, and the answer behind it. Without one, all of it is the answer."""
    end = _LONE_END.search(text)
    if end is None:
        return "", text
    before = text[: end.start()]
    # One that is quoted, or stands in code, ends nothing.
    in_code = before.count("```") % 2 or before.rpartition("\n")[2].count("`") % 2
    if "<think>" in before or before.endswith(('"', "'")) or in_code:
        return "", text
    return before, text[end.end() :]


def _beginning_at_end(text: str, tag: str) -> int:
    """How many characters at the end of `text` may begin `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text[-size:].lower() == tag[:size]), 0)
