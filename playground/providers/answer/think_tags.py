"""Thinking that a model writes into its text between two tags, before its answer: where its server does not take it apart."""

import re

from playground.providers.calls import Delta

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
}
"""In lower case. Source of the less usual ones: the chat templates of Gemini, Seed-OSS, Magistral and Kimi-VL."""
_LONGEST = max(map(len, _TAGS))
_LONE_END = re.compile(r"</think>[ \t]*(?:\r?\n|$)\s*")
"""A template may put the first tag into the prompt, so that the answer has only the second: at the end of a line."""


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
        self._behind = False
        """The thinking is over, and only line ends came since."""

    def take(self, deltas: list[Delta]) -> list[Delta]:
        """The same text, where it is thinking marked as such, without the tags."""
        taken: list[Delta] = []
        for delta in deltas:
            if self.over or delta.reasoning:
                taken.append(delta)
            else:
                self._take(self._held + delta.text, taken)
        return taken

    def rest(self) -> list[Delta]:
        """What was held back when no more comes."""
        held, self._held = self._held, ""
        return [Delta(held, self._end is not None)] if held and not self._behind else []

    def _take(self, text: str, taken: list[Delta]) -> None:
        self._held = ""
        if self._end is not None:
            self._take_thinking(text, self._end, taken)
        elif self._behind:
            self._take_answer(text, taken)
        else:
            self._take_beginning(text, taken)

    def _take_beginning(self, text: str, taken: list[Delta]) -> None:
        start = text.lstrip()
        lowered = start[:_LONGEST].lower()
        tag = next((tag for tag in _TAGS if lowered.startswith(tag)), None)
        if tag is not None:
            self._end = _TAGS[tag]
            self._take_thinking(start[len(tag) :], self._end, taken)
        elif any(tag.startswith(lowered) for tag in _TAGS):
            self._held = text
        else:
            self.over = True
            taken.append(Delta(text, reasoning=False))

    def _take_thinking(self, text: str, end: str, taken: list[Delta]) -> None:
        if self._fresh:
            text = text.lstrip("\r\n")
        found = re.search(re.escape(end), text, re.IGNORECASE)
        kept = found.start() if found else len(text) - _beginning_at_end(text, end)
        if kept:
            self._fresh = False
            taken.append(Delta(text[:kept], reasoning=True))
        if found is None:
            self._held = text[kept:]
        else:
            self._end, self._behind = None, True
            self._take_answer(text[found.end() :], taken)

    def _take_answer(self, text: str, taken: list[Delta]) -> None:
        answer = text.lstrip("\r\n")
        if answer:
            self.over = True
            taken.append(Delta(answer, reasoning=False))


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
    if "<think>" in before or before.endswith(("`", '"', "'")) or before.count("```") % 2:
        return "", text
    return before, text[end.end() :]


def _beginning_at_end(text: str, tag: str) -> int:
    """How many characters at the end of `text` may begin `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text[-size:].lower() == tag[:size]), 0)
