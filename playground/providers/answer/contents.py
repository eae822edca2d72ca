"""The contents of the chunks of one answer: text, finish reason, usage, sources, the model. Knows nothing about how they arrive."""

import re
from decimal import Decimal

from playground.kit.text import clean
from playground.providers.calls import Delta
from playground.providers.errors.classification import failure_in_stream
from playground.providers.errors.kinds import ProviderError
from playground.providers.records import Provider

from .choices import Choices
from .chunk_text import ChunkText
from .chunks import NOT_USUAL, Chunk, ChunkChoice, NotJsonError, decode_fast, decode_loosely, tolerant
from .finish_reasons import CUT, FAILURES, ending_of, graver_of, says_nothing
from .repetition import Written
from .sources import RARE_NAMES, SourceCollector
from .states import Event, Progress, State
from .stream_failures import broken_stream, quoted
from .usage_reports import UsageReports

DONE = re.compile(rb'[\s"]*(?:\[DONE\]|DONE["\s]*$)', re.IGNORECASE)
"""Some servers put quotes or white space around it, or omit the brackets. As in the `openai` SDK, anything after it doesn't matter."""
_MOST_REASON_CHARACTERS = 100
_MORE_BYTES = 16
"""How much longer than earlier payloads one may be without containing anything new. The parts that are looked for need more."""
_OVER = State.OVER


class Contents:
    """Processes the chunks of one answer one after the other, and reports to `progress` what they say about its end."""

    __slots__ = (
        "_before_reason",
        "_choices",
        "_halves",
        "_progress",
        "_provider",
        "_sizes",
        "_usual_size",
        "failed",
        "failure",
        "finish_reason",
        "model",
        "sources",
        "unsettled",
        "usage",
        "written",
    )

    def __init__(self, provider: Provider, progress: Progress) -> None:
        self.model: str | None = None
        self.finish_reason: str | None = None
        self.failed = False
        """The finish reason is a failure."""
        self.failure: ProviderError | None = None
        """The error, to be raised after the deltas before it."""
        self.sources = SourceCollector()
        """Parts that are not text."""
        self.usage = UsageReports()
        self.written = Written()
        self.unsettled = True
        """The next deltas matter: the answer may not have started, or no text has come after the usage."""
        self._provider = provider
        self._progress = progress
        self._choices = Choices()
        self._sizes = [0, 0]
        """The characters of the answer and of the reasoning so far."""
        self._usual_size = 0
        """The bytes of a payload besides its text, if it has only the usual fields."""
        self._halves: dict[bool, str] = {}
        """By kind of text: the first half of a surrogate pair that waits for the other half."""
        self._before_reason = 0
        """The number of deltas in the current read before the finish reason, if the read contains it."""

    @property
    def thought(self) -> bool:
        """Whether there was reasoning in a separate field."""
        return self._sizes[True] > 0

    def fail(self, failure: ProviderError) -> None:
        """End the answer with a failure."""
        self.failure = failure
        self._progress.on(Event.FAILED)

    def take(self, payloads: list[bytes], deltas: list[Delta]) -> None:  # noqa: C901, PLR0912 (the hot path: a call costs what a branch saves)
        """Add the contents of `payloads` to `deltas`. Takes about a microsecond and a half for a payload in the usual form."""
        mine, usual, size, progress = self._choices.index, self._usual_size, 0, self._progress
        halves, named = self._halves, self.model is not None
        for payload in payloads:
            try:
                chunk = decode_fast(payload)
            except NOT_USUAL:
                odd = self._decode_odd(payload)
                if progress.state is _OVER:
                    break
                if odd is None:
                    continue
                chunk = odd
            choices = chunk.choices
            if choices:
                choice = choices[0]
                text = choice.delta
                content = text.content if text is not None else None
                if (
                    content
                    and len(payload) - (length := len(content)) <= usual
                    and content.isascii()  # Other text may contain half a surrogate pair.
                    and "\0" not in content
                    and not halves
                    and text.reasoning is None  # type: ignore[union-attr]  # it has content
                    and text.reasoning_content is None  # type: ignore[union-attr]
                    and not text.reasoning_details  # type: ignore[union-attr]
                    and choice.index == mine
                ):
                    deltas.append(Delta(content, False))
                    size += length
                    if choice.finish_reason:
                        self._sizes[False] += size
                        size = 0
                        self._take_reason(choice.finish_reason, text, deltas)
                elif (
                    text is not None
                    and not content
                    and (text.reasoning_content or text.reasoning)
                    and not choice.finish_reason
                    and choice.message is None
                    and choice.index == mine
                ):
                    self._take_text(text, deltas)
                else:
                    if size:
                        self._sizes[False] += size
                        size = 0
                    chunk = self._take_choice(chunk, choice, payload, deltas)
                    mine, usual = self._choices.index, self._usual_size
            if not choices or chunk.usage is not None or chunk.error is not None or chunk.x_groq is not None or not named:
                self._take_rest(chunk, payload, deltas)
                named = self.model is not None
                if progress.state is _OVER:
                    break
        if size:
            self._sizes[False] += size

    def look_for_resumed(self, deltas: int) -> None:
        """End a read with this many deltas of an answer that has a finish reason; text after the reason shows that it wasn't one."""
        if deltas > self._before_reason:
            self._progress.on(Event.TEXT)
        self._before_reason = 0

    def take_object(self, body: bytes, deltas: list[Delta]) -> bool:
        """Process one JSON object instead of a stream; return whether it has an answer or an error. Raises `NotJsonError`."""
        chunk = tolerant(body)
        self._take_rest(chunk, body, deltas)
        if chunk.choices:
            self.sources.look(decode_loosely(body))
        if self.failure is not None:
            self.failure.refused = True  # It is sent instead of an answer.
            return True
        if not chunk.choices:
            return False
        choice: ChunkChoice = next((choice for choice in chunk.choices if not choice.index), chunk.choices[0])
        text = choice.message or choice.delta
        if text is not None:
            self._take_text(text, deltas)
        self.usage.counts(len(deltas))
        if choice.finish_reason:
            self._take_reason(choice.finish_reason, text, deltas)
        return True

    def take_waiting(self, deltas: list[Delta]) -> None:
        """Process another choice if it turns out to be the answer."""
        begun = bool(deltas) or self._sizes != [0, 0]
        choice = self._choices.rest(begun=begun, finished=self.finish_reason is not None)
        if choice is not None and choice.delta is not None:
            self._take_text(choice.delta, deltas)
            if choice.finish_reason:
                self._take_reason(choice.finish_reason, choice.delta, deltas)

    def halves(self) -> list[Delta]:
        """Return the halves of characters whose other half never came."""
        halves = [Delta(clean(half), reasoning) for reasoning, half in self._halves.items()]
        self._halves.clear()
        return halves

    def _take_choice(self, chunk: Chunk, choice: ChunkChoice, payload: bytes, deltas: list[Delta]) -> Chunk:
        """Process a chunk that is not the usual piece of text; `choice` is its first one. Returns the chunk as it was understood."""
        text, choices = choice.delta, chunk.choices or []
        if self._needs_closer_look(text, payload):
            chunk = tolerant(payload)
            self.sources.look(decode_loosely(payload))
            choices = chunk.choices or [choice]
            choice = choices[0]
            text = choice.delta
        if choice.index != self._choices.index or len(choices) > 1:
            choice = self._choices.pick(choices, begun=bool(deltas) or self._sizes != [0, 0])
            text = choice.delta
        if choice.message is not None:
            text = self.written.new_in(text, choice.message, deltas, self._sizes, last=bool(choice.finish_reason))
        if text is not None:
            self._take_text(text, deltas)
        if choice.finish_reason:
            self._take_reason(choice.finish_reason, text, deltas)
        return chunk

    def _needs_closer_look(self, text: ChunkText | None, payload: bytes) -> bool:
        """Return whether a payload has something that the structs don't show: sources, images, a usage in a choice, reasoning under a rare
        name.

        Next to text these make a payload longer than earlier ones, which is cheaper to check than the names.
        """
        size = 0
        if text is not None and text.content:
            size = len(payload) - len(text.content)
            if size <= self._usual_size:
                return False
        rare = RARE_NAMES.search(payload)
        if size and (rare is None or rare["flag"] is None):  # A flag changes the meaning of the text in each payload.
            self._usual_size = size + _MORE_BYTES
        return rare is not None

    def _decode_odd(self, payload: bytes) -> Chunk | None:
        """Process a payload that is not in the usual form; `None` if it contains no chunk."""
        if DONE.match(payload):
            self._progress.on(Event.DONE)
            return None
        if not payload.strip():
            return None
        try:
            return tolerant(payload)
        except NotJsonError:
            if not _says_nothing(payload):
                words = quoted(self._provider, payload)
                self.fail(broken_stream(self._provider, f"sent unexpected data in the stream: “{words}”"))
            return None

    def _take_text(self, text: ChunkText, deltas: list[Delta]) -> None:
        thought = text.reasoning_content or text.reasoning or (text.thought if text.reasoning_details else None)
        for piece, reasoning in ((thought, True), (text.content, False), (text.refusal, False)):
            if not piece:
                continue
            whole = self._halves.pop(reasoning, "") + piece
            if "\ud800" <= whole[-1] <= "\udbff":
                self._halves[reasoning] = whole[-1]
                whole = whole[:-1]
            if whole:
                deltas.append(Delta(clean(whole), reasoning))
                self._sizes[reasoning] += len(whole)

    def _take_reason(self, told: str, text: ChunkText | None, deltas: list[Delta]) -> None:
        if says_nothing(told):
            return
        if text is not None and text.content and deltas and self.written.is_repeated(deltas, self._sizes):
            self._sizes[False] -= len(deltas.pop().text)
        alone = text is None or not (text.content or text.thought)
        if self.finish_reason is None or alone:
            self._before_reason = len(deltas)
        self._progress.on(Event.REASON if alone else Event.REASON_WITH_TEXT)
        may_be_cut = self._progress.state in (State.CLOSING, State.OVER)
        if self.failed or (may_be_cut and ending_of(self.finish_reason) in CUT):
            told = graver_of(self.finish_reason, told) or told  # A failed or truncated answer stays so, whatever follows.
        self.finish_reason = clean(told[:_MOST_REASON_CHARACTERS])
        self.failed = ending_of(self.finish_reason) in FAILURES

    def _take_rest(self, chunk: Chunk, payload: bytes, deltas: list[Delta]) -> None:
        if self.model is None and chunk.model:
            self.model = clean(chunk.model)
        if not chunk.choices and RARE_NAMES.search(payload):
            self.sources.look(decode_loosely(payload))
        groq = chunk.x_groq
        told = chunk.usage or (groq.usage if groq else None)
        error = chunk.error or (groq.error if groq else None)
        if not chunk.choices and not error:
            odd = tolerant(payload)  # An error without an envelope, or a usage in a message, which the structs don't show.
            error, told = odd.error, odd.usage or told
            if odd.choices and (reason := odd.choices[0].finish_reason):
                self._take_reason(reason, None, deltas)
        if told is not None and self.usage.take(told, chunk.cost, payload, alone=not chunk.choices, deltas=len(deltas)):
            self.unsettled = True
        if error:
            self.fail(failure_in_stream(self._provider, error))


def _says_nothing(payload: bytes) -> bool:
    """Return whether it is JSON without a meaning, such as `null`."""
    try:
        told = decode_loosely(payload)
    except NotJsonError:
        return False
    return not told or isinstance(told, bool | int | float | Decimal)
