"""The subject of a conversation: its key words for the answer, exactly as written, in any language."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .common_words import COMMON_WORDS

_MOST_WORDS = 6
_READ_CHARACTERS = 8_000
"""The most characters of a text that are read; of a longer one, half at the start and half at the end, where the question usually is."""
_LONGEST_WORD = 32
_EXCERPT = 12
"""The most characters that are quoted from a run without spaces, as in Chinese or Thai."""
_LONGEST_QUOTE = 160

_BETWEEN_WORDS = re.compile(r"[\s、。，！？：；「」『』（）《》【】…—–/]+")
_BEFORE_WORD = "\"'([{<«“”„‘’‚¿¡.,:;!?-*_`~#>|=+"
_AFTER_WORD = "\"')]}>»“”‘’.,:;!?-*_`~|=؟،।။"
# These would start Markdown, mathematics or an entity within a sentence.
_MARKUP = frozenset('`*|<>[]\\~$&"{}')


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of an answer."""

    words: tuple[str, ...]
    """One to six key words of the prompt, in order; empty if it has none."""
    question: str | None
    """The prompt on one line, if it is short and has no characters with a meaning in Markdown."""
    earlier: tuple[str, ...]
    """A key word of each earlier prompt that has one, first prompt first."""
    instruction: str | None
    """A key word of the system prompt."""
    text: str
    """The part of the prompt that was read, in lower case, for finding hints."""


def read_subject(prompts: Sequence[str], instructions: str) -> Subject:
    """Return the subject of the last of `prompts`, considering the earlier ones."""
    prompt = _ends(prompts[-1]) if prompts else ""
    return Subject(
        words=key_words(prompt, _MOST_WORDS),
        question=_quotable(prompt),
        earlier=tuple(word for earlier in prompts[:-1] for word in key_words(_ends(earlier), 1)),
        instruction=next(iter(key_words(_ends(instructions), 1)), None),
        text=prompt.casefold(),
    )


def key_words(text: str, most: int) -> tuple[str, ...]:
    """Return up to `most` different words that characterise the text, in its order.

    Long and repeated words and names count more than others; common words don't count.
    """
    found: dict[str, str] = {}
    uses: Counter[str] = Counter()
    for run in _BETWEEN_WORDS.split(text):
        word = _shortened(run.lstrip(_BEFORE_WORD).rstrip(_AFTER_WORD))
        if not word or not _usable(word):
            continue
        folded = word.casefold()
        if folded not in COMMON_WORDS:
            found.setdefault(folded, word)
            uses[folded] += 1
    weights = {folded: _weight(word, uses[folded], first=position == 0) for position, (folded, word) in enumerate(found.items())}
    chosen = sorted(found, key=lambda folded: -weights[folded])[:most]
    # Next to “entanglement”, “ten” is not a key word.
    telling = {folded for folded in chosen if weights[folded] * 2 >= weights[chosen[0]]}
    return tuple(word for folded, word in found.items() if folded in telling)


def _weight(word: str, uses: int, *, first: bool) -> int:
    weight = min(len(word), 10) + 4 * (min(uses, 4) - 1)
    if any(character.isupper() for character in (word[1:] if first else word)):
        weight += 4
    if not any(character.isalpha() for character in word):
        weight -= 6
    return max(weight, 1)


def _usable(word: str) -> bool:
    if (word.isascii() and len(word) < 2) or not _MARKUP.isdisjoint(word):
        return False
    # Zero-width joiners are part of words in Persian and Hindi and of emoji; other control characters could reverse the line or hide text.
    return all(unicodedata.category(character)[0] != "C" or character in "\u200c\u200d" for character in word)


def _shortened(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return word
    if word.isascii():
        return ""
    end = _EXCERPT
    while end < len(word) and end < _LONGEST_WORD and _continues(word, end):
        end += 1
    return word[:end]


def _continues(word: str, position: int) -> bool:
    # A cut here would separate a letter from its marks, or split an emoji.
    return unicodedata.category(word[position]) in ("Mn", "Mc", "Me", "Sk") or "\u200d" in word[position - 1 : position + 1]


def _ends(text: str) -> str:
    if len(text) <= _READ_CHARACTERS:
        return text
    half = _READ_CHARACTERS // 2
    return f"{text[:half]} {text[-half:]}"


def _quotable(prompt: str) -> str | None:
    line = " ".join(prompt.split())
    if not line or len(line) > _LONGEST_QUOTE or not _MARKUP.isdisjoint(line) or line[0] in "#>-+=_" or line[0].isdigit():
        return None
    return line if all(unicodedata.category(character)[0] != "C" or character in "\u200c\u200d" for character in line) else None
