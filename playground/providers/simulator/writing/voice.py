"""Turns banks of sentences into sentences about the prompt, by one stream of chosen numbers."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from .subject import Subject

_T = TypeVar("_T")

# For prompts with less than two key words. Plain nouns that take a key word's place.
_FILLERS = ("the goal", "the details", "the limits")


class Voice:
    """Speaks about one subject: takes its words in turn, and repeats no sentence of a bank before all were used."""

    def __init__(self, subject: Subject, choices: Random, *, emphasis: bool = True) -> None:
        self.subject = subject
        self.choices = choices
        self._emphasis = emphasis
        self._words = [*subject.words, *_FILLERS[: max(0, 2 - len(subject.words))]]
        self._turn = 0
        self._said: set[str] = set()
        self._decks: dict[Sequence[object], list[object]] = {}

    def deal(self, bank: Sequence[_T]) -> _T:
        """One of the bank, not dealt before unless all were."""
        deck = self._decks.setdefault(bank, [])
        if not deck:
            deck.extend(self.choices.sample(bank, len(bank)))
        return deck.pop()  # type: ignore[return-value]  # Each deck holds what its own bank holds.

    def sentence(self, bank: Sequence[str]) -> str:
        """A sentence of the bank, with key words in its places."""
        return self.fill(self.deal(bank))

    def paragraph(self, bank: Sequence[str], sentences: int) -> str:
        """Several sentences of the bank, on one line."""
        return " ".join(self.sentence(bank) for _ in range(sentences))

    def fill(self, template: str, *, plain: bool = False) -> str:
        """The template with the next key words in its places; `plain` puts them in as they are."""
        places = [place for place in ("a", "b") if f"{{{place}}}" in template]
        words = {place: self._next_word() for place in places}
        return template.format(**{place: word if plain else self.shown(word) for place, word in words.items()})

    def words(self) -> tuple[str, ...]:
        """All that there is to talk about, at least two."""
        return tuple(self._words)

    def labels(self) -> list[str]:
        """The same, as they stand alone at the start of a line or in a cell."""
        return [word.capitalize() if word in _FILLERS else word for word in self._words]

    def shown(self, word: str) -> str:
        """A key word as it stands in a sentence: bold the first time, then italic, so that it reads as itself; quoted in plain text."""
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
