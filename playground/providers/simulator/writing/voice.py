"""Turns templates into sentences about the prompt, with one sequence of random numbers."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from .subject import Subject

_T = TypeVar("_T")

# For prompts with fewer than two key words: plain nouns that replace them.
_FILLERS = ("the goal", "the details", "the limits")


class Voice:
    """Writes about one subject: uses its words in turn, and repeats no template of a bank before all were used."""

    def __init__(self, subject: Subject, choices: Random, *, emphasis: bool = True) -> None:
        self.subject = subject
        self.choices = choices
        self._emphasis = emphasis
        self._words = [*subject.words, *_FILLERS[: max(0, 2 - len(subject.words))]]
        self._turn = 0
        self._said: set[str] = set()
        self._decks: dict[Sequence[object], list[object]] = {}

    def deal(self, bank: Sequence[_T]) -> _T:
        """Return one item of the bank; none is repeated before all were used."""
        deck = self._decks.setdefault(bank, [])
        if not deck:
            deck.extend(self.choices.sample(bank, len(bank)))
        return deck.pop()  # type: ignore[return-value]  # Each deck holds what its own bank holds.

    def sentence(self, bank: Sequence[str]) -> str:
        """Return a sentence of the bank, with key words filled in."""
        return self.fill(self.deal(bank))

    def paragraph(self, bank: Sequence[str], sentences: int) -> str:
        """Return several sentences of the bank, on one line."""
        return " ".join(self.sentence(bank) for _ in range(sentences))

    def fill(self, template: str, *, plain: bool = False) -> str:
        """Return the template with the next key words filled in; `plain` leaves them unformatted."""
        places = [place for place in ("a", "b") if f"{{{place}}}" in template]
        words = {place: self._next_word() for place in places}
        return template.format(**{place: word if plain else self.shown(word) for place, word in words.items()})

    def words(self) -> tuple[str, ...]:
        """Return all key words, at least two."""
        return tuple(self._words)

    def labels(self) -> list[str]:
        """Return the same words for the start of a line or a cell."""
        return [word.capitalize() if word in _FILLERS else word for word in self._words]

    def shown(self, word: str) -> str:
        """Return a key word for use in a sentence: bold the first time, then italic; quoted in plain text."""
        if word in _FILLERS:
            return word
        if not self._emphasis:
            return f"“{word}”"
        if word in self._said:
            return f"*{word}*"
        self._said.add(word)
        return f"**{word}**"

    def _next_word(self) -> str:
        word = self._words[self._turn % len(self._words)]
        self._turn += 1
        return word
