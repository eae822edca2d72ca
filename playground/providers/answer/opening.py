"""The start of an answer: whether there is text, reasoning between tags, and what is stored to recognise a repetition."""

from playground.providers.calls import Delta

from .repetition import Written
from .think_tags import ThinkTags


class Opening:
    """Checks the deltas of an answer until its text has certainly started."""

    __slots__ = ("_tags", "_written", "answered", "over", "wrote")

    def __init__(self, written: Written) -> None:
        self._written = written
        self._tags = ThinkTags()
        self.answered = False
        """There is text that is not reasoning."""
        self.wrote = False
        """There is text or reasoning."""
        self.over = False
        """The text has started and its start is stored, so nothing more has to be checked."""

    def take(self, deltas: list[Delta], *, thought: bool) -> None:
        """Process the deltas of one read, and mark those in tags as reasoning. `thought`: there was reasoning in a separate field."""
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
        """Add the text that was held back to the last deltas: `halves` of characters, and possible parts of a tag."""
        deltas += [*self._tags.take(halves), *self._tags.rest()]
        self.answered = self.answered or _has_answer(deltas)
        self.wrote = self.wrote or bool(deltas)


def _has_answer(deltas: list[Delta]) -> bool:
    for delta in deltas:  # noqa: SIM110 - faster than `any` for the one delta of most reads
        if not delta.reasoning:
            return True
    return False
