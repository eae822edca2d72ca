"""What counts as a token here, and where an answer is cut.

The rule: each word (a run of bytes that are no white space) has one token for every six bytes of its UTF-8 form, begun ones included.
English comes out at about four tokens for three words, as real tokenizers have it. Each message of a prompt has four tokens more, for its
role and its ends.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(rb"\S{1,6}")
_PIECE = re.compile(r"\s*\S+|\s+", re.ASCII)  # So that white space is the same here as among bytes.
_MESSAGE_TOKENS = 4
_TOKEN_BYTES = 6


class Piece(NamedTuple):
    """One word of an answer with the white space before it: what one chunk carries."""

    text: str
    reasoning: bool


def count_tokens(text: str) -> int:
    """The tokens of a text."""
    return len(_TOKEN.findall(text.encode()))


def count_prompt_tokens(texts: Iterable[str]) -> int:
    """The tokens of a whole prompt, given the text of each of its messages."""
    return sum(_MESSAGE_TOKENS + count_tokens(text) for text in texts)


def split(text: str, *, reasoning: bool) -> Iterator[Piece]:
    """The pieces of a text, which joined are the text again."""
    for piece in _PIECE.findall(text):
        yield Piece(piece, reasoning)


def cut_at_stop(text: str, stops: Iterable[str]) -> str:
    """The text up to the first of the stop sequences, which is left out, as OpenAI does."""
    ends = [end for stop in stops if (end := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def cut_at_budget(pieces: Iterable[Piece], budget: int) -> tuple[list[Piece], bool]:
    """As many pieces as `budget` tokens allow, the last one broken where it must be, and whether anything was left out."""
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
    word = piece.lstrip(" \t\n\r\f\v")  # What `_TOKEN` takes for white space.
    space = piece[: len(piece) - len(word)]
    return space + word.encode()[: tokens * _TOKEN_BYTES].decode(errors="ignore")
