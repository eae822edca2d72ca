"""Reasoning between the tokens of a chat template, such as `<|channel|>analysis<|message|>`, which some servers leave in the text.

OpenAI's Harmony writes messages: `<|start|>` and `<|channel|>` start a header, `<|message|>` ends it, and the channel in the header says
what the text is. Cohere, Sky-T1 and others write parts: one token starts the reasoning or the answer, another one ends it. Within the
answer, an end counts only at the end of the text or before another token, since an answer may mention tokens.

Sources: https://cookbook.openai.com/articles/openai-harmony and the chat templates of Command A Reasoning and Sky-T1.
"""

import re

from playground.providers.calls import Delta

FIRST_TOKENS = ("<|channel|>", "<|start|>", "<|begin_of_thought|>", "<|start_thinking|>")
"""In lower case: such an answer starts with one of them."""

_TOKEN = re.compile(
    r"<\|(?:(?P<head>start|channel|constrain)|(?P<message>message)"
    r"|(?P<thinking>begin_of_thought|start_thinking)|(?P<answer>begin_of_solution|start_response|start_text)"
    r"|(?P<end>end|return|call|end_of_thought|end_thinking|end_of_solution|end_response|end_text))\|>",
    re.IGNORECASE,
)
_LONGEST_TOKEN = len("<|begin_of_solution|>")
_THINKING_HEAD = re.compile(
    r"<\|channel\|>\s*(?:analysis\b|commentary\b.*\bto=)|\bto=.*<\|channel\|>\s*commentary\b", re.IGNORECASE | re.DOTALL
)
"""Commentary for a tool is a tool call; other commentary is for the reader."""
_LONGEST_HEAD = 200
"""The most characters of a header. Longer text only started like one."""
_LONGEST_HELD = 500
"""The most characters of white space after an end within the answer."""


class TemplateTokens:
    """Processes such an answer piece by piece, starting with its first token."""

    def __init__(self) -> None:
        self.over = False
        """It turned out to be usual text, and the rest is not split."""
        self._head = ""
        """The header so far."""
        self._reasoning = False
        self._fresh = True
        """Nothing but line breaks came since the last token."""
        self._held = ""
        """Text that may be a part of a token, or an end within the answer and the text after it."""

    def take(self, text: str) -> list[Delta]:
        """Return the text of the answer and the reasoning, marked as such."""
        taken: list[Delta] = []
        text, self._held = self._held + text, ""
        place = 0
        while place < len(text) and not self.over:
            place = self._step(text, place, taken)
        if place < len(text):
            taken.append(Delta(text[place:], reasoning=False))
        return taken

    def rest(self) -> list[Delta]:
        """Return the text that was held back, when no more follows."""
        held, self._held = self._held, ""
        if self._head:
            return [Delta(self._head + held, reasoning=False)]
        if (token := _TOKEN.match(held)) and token["end"] and not held[token.end() :].strip():
            return []
        return [Delta(held, self._reasoning)] if held else []

    def _step(self, text: str, place: int, taken: list[Delta]) -> int:
        """Process `text` from `place` to the next token, or the token itself. Returns the position after it."""
        token = _TOKEN.search(text, place)
        before = token.start() if token else len(text) - _beginning_at_end(text, place)
        if before > place:
            self._take_text(text[place:before], taken)
            place = before
        elif token is None:
            self._held = text[place:]
            place = len(text)
        elif not self._head and not self._reasoning and not self._fresh:
            place = self._take_token_in_answer(text, token, taken)
        else:
            self._take_token(token, taken)
            place = token.end()
        return place

    def _take_text(self, text: str, taken: list[Delta]) -> None:
        if self._head:
            self._head += text
            self._look_at_head(taken)
            return
        text = text.lstrip("\r\n") if self._fresh else text
        if text:
            self._fresh = False
            taken.append(Delta(text, self._reasoning))

    def _take_token(self, token: re.Match[str], taken: list[Delta]) -> None:
        if token["head"]:
            self._head += token[0]
            self._look_at_head(taken)
            return
        if self._head and not token["message"]:
            self._give_up(token[0], taken)
            return
        self._reasoning = bool(token["thinking"] or (token["message"] and _THINKING_HEAD.search(self._head)))
        self._head, self._fresh = "", True

    def _take_token_in_answer(self, text: str, token: re.Match[str], taken: list[Delta]) -> int:
        follows = text[token.end() :].lstrip()
        if not token["end"]:
            taken.append(Delta(token[0], reasoning=False))
        elif _TOKEN.match(follows):
            self._take_token(token, taken)
        elif len(text) - token.end() < _LONGEST_HELD and len(follows) < _LONGEST_TOKEN and _may_begin_token(follows):
            self._held = text[token.start() :]
            return len(text)
        else:
            taken.append(Delta(token[0], reasoning=False))
        return token.end()

    def _look_at_head(self, taken: list[Delta]) -> None:
        if len(self._head) > _LONGEST_HEAD:
            self._give_up("", taken)

    def _give_up(self, more: str, taken: list[Delta]) -> None:
        taken.append(Delta(self._head + more, reasoning=False))
        self._head, self._reasoning, self.over = "", False, True


def _may_begin_token(text: str) -> bool:
    return re.fullmatch(r"(?:<(?:\|\w*\|?)?)?", text, re.ASCII) is not None


def _beginning_at_end(text: str, place: int) -> int:
    """Return how many characters at the end of `text`, from `place` on, may start a token."""
    start = text.rfind("<", max(place, len(text) - _LONGEST_TOKEN))
    return len(text) - start if start >= 0 and _may_begin_token(text[start:]) else 0
