"""Tokens of the simulator, and where an answer is cut.

Each word (a run of bytes that are not white space) has one token for every six bytes in UTF-8, rounded up. English has about four tokens
for three words, as with real tokenizers. Each message of a prompt has four more tokens, for its role and delimiters.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(rb"\S{1,6}")
_PIECE = re.compile(r"\s*\S+|\s+", re.ASCII)  # So that white space is the same here as in bytes.
_MESSAGE_TOKENS = 4
_TOKEN_BYTES = 6


class Piece(NamedTuple):
    """One word of an answer with the white space before it: the content of one chunk."""

    text: str
    reasoning: bool


def count_tokens(text: str) -> int:
    """Return the number of tokens of a text."""
    return len(_TOKEN.findall(text.encode()))


def count_prompt_tokens(texts: Iterable[str]) -> int:
    """Return the number of tokens of a prompt with these message texts."""
    return sum(_MESSAGE_TOKENS + count_tokens(text) for text in texts)


def split(text: str, *, reasoning: bool) -> Iterator[Piece]:
    """Return the pieces of a text; joined, they are the text again."""
    for piece in _PIECE.findall(text):
        yield Piece(piece, reasoning)


def cut_at_stop(text: str, stops: Iterable[str]) -> str:
    """Return the text before the first of the stop sequences, like OpenAI."""
    ends = [end for stop in stops if (end := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def cut_at_budget(pieces: Iterable[Piece], budget: int) -> tuple[list[Piece], bool]:
    """Return as many pieces as `budget` tokens allow, with the last one split if necessary, and whether anything was left out."""
    kept: list[Piece] = []
    for piece in pieces:
        tokens = count_tokens(piece.text)
        if tokens > budget:
            if budget > 0:
                kept.append(piece._replace(text=_first_tokens(piece.text, budget)))
            return kept, True
        kept.append(piece)
        budget -= tokens
    return kept, False


def _first_tokens(piece: str, tokens: int) -> str:
    word = piece.lstrip(" \t\n\r\f\v")  # The white space of `_TOKEN`.
    space = piece[: len(piece) - len(word)]
    return space + word.encode()[: tokens * _TOKEN_BYTES].decode(errors="ignore")
