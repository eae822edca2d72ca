"""Which of the choices in a stream is the answer: one is requested, but some servers send more, or number it unusually.

The answer is the choice with index 0. Texts of others wait until it is clear what they are: another answer, which is ignored; the only
answer, with another index; or pieces of one answer, if a server counts its chunks in `index`.
"""

from itertools import pairwise

from .chunk_text import ChunkText
from .chunks import ChunkChoice

_ENOUGH = 4
"""The number of pieces, each with its own index, that show that a server counts chunks."""
_PATIENCE = 8
"""The number of pieces of another choice after which the first one is no longer expected."""
_NONE = ChunkChoice()


class Choices:
    """Selects the answer from payloads that have another index than `index`, or several choices."""

    def __init__(self) -> None:
        self.index = 0
        """The index of the answer. `-1`: every choice is a piece of the answer."""
        self._waiting: list[ChunkChoice] = []
        self._decided = False

    def pick(self, choices: list[ChunkChoice], *, begun: bool) -> ChunkChoice:
        """Return the answer's part of one payload, including waiting parts if they turn out to be the answer. `begun`: the answer has
        text.
        """
        if self.index < 0:
            return choices[0]
        mine = next((choice for choice in choices if choice.index == self.index), None)
        if self._decided:
            return mine or _NONE
        others = [choice for choice in choices if choice.index != self.index and (_says(choice) or choice.finish_reason)]
        self._waiting += others
        if mine is not None and (len(choices) > 1 or _says(mine)) and self._waiting:
            self._decide(self.index)
            return mine
        if self._counts_chunks() and len(self._waiting) >= _ENOUGH:
            waited = self._waiting
            self._decide(-1)
            return self._released(waited)
        if begun and len(self._waiting) > _ENOUGH:
            self._decide(self.index)
        elif not begun and len(self._waiting) >= _PATIENCE:
            waited = self._waiting
            self._decide(waited[0].index)
            return self._released([choice for choice in waited if choice.index == self.index])
        return mine or _NONE

    def rest(self, *, begun: bool, finished: bool) -> ChunkChoice | None:
        """Return the parts that waited to the end and belong to the answer. `finished`: the answer has a finish reason."""
        waiting = self._waiting
        if self._decided or not waiting:
            return None
        if not begun and not self._counts_chunks():
            return self._released([choice for choice in waiting if choice.index == waiting[0].index])
        # A single piece with another index may be the whole of another answer.
        if not begun or (not finished and len(waiting) > 1 and self._counts_chunks() and waiting[-1].finish_reason):
            return self._released(waiting)
        return None

    def _decide(self, index: int) -> None:
        self.index = index
        self._decided = True
        self._waiting = []

    def _counts_chunks(self) -> bool:
        return all(later.index == before.index + 1 for before, later in pairwise(self._waiting))

    def _released(self, choices: list[ChunkChoice]) -> ChunkChoice:
        texts = [text for choice in choices if (text := choice.delta or choice.message) is not None]
        joined = ChunkText(
            content="".join(text.content or text.refusal or "" for text in texts),
            reasoning="".join(text.thought or "" for text in texts),
        )
        reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
        return ChunkChoice(delta=joined, finish_reason=reasons[-1] if reasons else None)


def _says(choice: ChunkChoice) -> bool:
    text = choice.delta or choice.message
    return text is not None and bool(text.content or text.refusal or text.thought)
