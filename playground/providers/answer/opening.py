"""The beginning of an answer: whether text came, thinking between tags, and what is remembered to recognise a repetition."""

from playground.providers.calls import Delta

from .repetition import Written
from .think_tags import ThinkTags


class Opening:
    """Looks at the deltas of an answer until its text has begun for certain."""

    __slots__ = ("_tags", "_written", "answered", "over", "wrote")

    def __init__(self, written: Written) -> None:
        self._written = written
        self._tags = ThinkTags()
        self.answered = False
        """Text came that is no thinking."""
        self.wrote = False
        """Text or thinking came."""
        self.over = False
        """The text has begun, and its beginning is remembered: nothing more is to be looked at."""

    def take(self, deltas: list[Delta], *, thought: bool) -> None:
        """Take the deltas of one read, and mark those in tags as thinking. `thought`: thinking came in a field of its own."""
        if self.over:
            return
        self.wrote = self.wrote or bool(deltas)
        self._written.remember(deltas)
        if _has_answer(deltas):
            if not self._tags.over:
                deltas[:] = self._tags.take(deltas, thought=thought)
            self.answered = self.answered or _has_answer(deltas)
        self.over = self.answered and self._tags.over and self._written.remembered

    def end(self, deltas: list[Delta], halves: list[Delta]) -> None:
        """Add what was held back to the last deltas: `halves` of characters, and what may have become a tag."""
        deltas += [*self._tags.take(halves), *self._tags.rest()]
        self.answered = self.answered or _has_answer(deltas)
        self.wrote = self.wrote or bool(deltas)


def _has_answer(deltas: list[Delta]) -> bool:
    for delta in deltas:  # noqa: SIM110 - faster than `any` for the one delta of most reads
        if not delta.reasoning:
            return True
    return False
