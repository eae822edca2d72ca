"""Stores the start of an answer to recognise repetitions: some servers end a stream with a chunk that has the whole message."""

from playground.providers.calls import Delta

from .chunk_text import ChunkText

BEGINNING = 64
"""The characters that are stored, of the answer and of the reasoning."""
_SHORTEST_REPEATED = 16
"""Shorter text may be repeated on purpose."""


class Written:
    """The starts of an answer and its reasoning. The caller counts their sizes in characters."""

    __slots__ = ("_beginnings", "_in_deltas", "_messages")

    def __init__(self) -> None:
        self._beginnings = ["", ""]
        self._in_deltas = False
        """Some text came in a `delta`, so a `message` is the whole text."""
        self._messages = 0

    @property
    def remembered(self) -> bool:
        """The stored start of the answer is complete."""
        return len(self._beginnings[0]) >= BEGINNING

    def remember(self, deltas: list[Delta]) -> None:
        """Process the deltas of one read, which follow those of the previous one."""
        for delta in deltas:
            reasoning = delta.reasoning
            before = self._beginnings[reasoning]
            if len(before) < BEGINNING:
                self._beginnings[reasoning] = (before + delta.text)[:BEGINNING]

    def new_in(self, delta: ChunkText | None, message: ChunkText, deltas: list[Delta], sizes: list[int], *, last: bool) -> ChunkText | None:
        """Return the new text of a chunk with a `message`. `deltas` are the earlier ones of the same read; `last`: it has a finish reason.

        Next to a delta with text, and after one, the message is the whole text and can only add to it. If no delta had text, messages are
        pieces, as in Ollama's own API, until one repeats the earlier text.
        """
        if delta is not None and (delta.content or delta.thought or delta.refusal):
            self._in_deltas = True
            return delta
        self._in_deltas = self._in_deltas or (sizes != [0, 0] and not self._messages)
        self._messages += 1
        whole = self._in_deltas or last or self._messages > 2
        return ChunkText(
            content=self._new(message.content or "", deltas, sizes[False], whole=whole, reasoning=False),
            reasoning=self._new(message.thought or "", deltas, sizes[True], whole=whole, reasoning=True),
            refusal=message.refusal if not sizes[False] else None,
        )

    def is_repeated(self, deltas: list[Delta], sizes: list[int]) -> bool:
        """Return whether the last of `deltas`, which is already counted, repeats the whole answer."""
        text = deltas[-1].text
        before = sizes[False] - len(text)
        return before == len(text) >= _SHORTEST_REPEATED and text.startswith(self._beginning(deltas[:-1], reasoning=False))

    def _new(self, text: str, deltas: list[Delta], size: int, *, whole: bool, reasoning: bool) -> str:
        if not size or not text:
            return text
        beginning = self._beginning(deltas, reasoning=reasoning)
        if whole and text.startswith(beginning):
            return text[size:]
        blank = len(beginning) - len(beginning.lstrip())
        if whole and blank and text.startswith(beginning[blank:]):
            return text[size - blank :]
        return "" if self._in_deltas else text

    def _beginning(self, deltas: list[Delta], *, reasoning: bool) -> str:
        known = self._beginnings[reasoning]
        for delta in deltas:
            if len(known) >= BEGINNING:
                break
            if delta.reasoning == reasoning:
                known += delta.text
        return known[:BEGINNING]
