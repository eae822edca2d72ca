"""The bytes of one answer, understood: deltas, usage, and how it ended. Knows nothing of connections and clocks."""

import re
from decimal import Decimal

from playground.kit.text import clean
from playground.providers.calls import Delta, Usage
from playground.providers.errors.classification import failure_in_stream
from playground.providers.errors.kinds import BrokenStream, ProviderError, UnexpectedAnswer
from playground.providers.errors.provider_messages import shorten
from playground.providers.records import Provider

from .choices import Choices
from .chunk_text import ChunkText
from .chunks import NOT_USUAL, Chunk, ChunkChoice, NotJsonError, decode_fast, decode_loosely, tolerant
from .finish_reasons import CUT, FAILURES, ending_of, graver_of, says_nothing
from .judgement import failure_of_end
from .repetition import Written
from .sources import RARE_NAMES, SourceCollector
from .sse import MAX_EVENT_BYTES, EventSplitter, EventTooLargeError
from .think_tags import ThinkTags
from .usage import UsageTally

_DONE = re.compile(rb'[\s"]*(?:\[DONE\]|DONE["\s]*$)', re.IGNORECASE)
"""Some servers put quotes or blanks around it, or leave out the brackets. As in the `openai` SDK, what follows does not matter."""
_EVENT_STREAM = re.compile(rb"(:|data|error|event|id|retry)")
_QUOTED_BYTES = 4_000
"""More than is quoted in the end, so that a key among them is seen whole and cut out."""
_MOST_REASON_CHARACTERS = 100
_MORE_BYTES = 16
"""By which a payload may be longer than the ones before it without anything new in it. What is looked for takes more."""
_MANY_EVENTS = 500
"""In one read."""
_SMALLEST_EVENT_BYTES = 40
"""Of one with text or a usage. Thousands of smaller ones come in one read, and each takes ten times as long as a usual one."""


class AnswerReader:
    """Takes the body of one answer in pieces cut anywhere. After an error or `[DONE]`, `over` is true and the rest is ignored."""

    def __init__(self, provider: Provider) -> None:
        self.usage: Usage | None = None
        """What the reports of it came to, once the answer is over."""
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.failure: ProviderError | None = None
        """What went wrong, to be raised after the deltas that came before it."""
        self.over = False
        self.answered = False
        """Text came that is no reasoning."""
        self._wrote = False
        """Any text came."""
        self.sources = SourceCollector()
        """What came and is no text."""
        self._provider = provider
        self._splitter = EventSplitter()
        self._beginning = b""
        self._last_payload = b""
        self._payload_with_usage: bytes | None = None
        self._usage_alone = False
        self._tally = UsageTally()
        self._choices = Choices()
        self._written = Written()
        # Characters of the answer and of the thinking.
        self._sizes = [0, 0]
        self._tags = ThinkTags()
        # The answer has begun for certain, and its beginning is remembered.
        self._begun = False
        # Bytes of a payload besides its text, as far as they are nothing but what every payload has.
        self._usual_size = 0
        self._whole: list[bytes] | None = None
        self._whole_size = 0
        self.ends = False
        """The finish reason came by itself, as the last chunks of most servers do, and not beside text, where some have it all the time."""
        self.failed = False
        """The finish reason is a failure's."""
        self.went_on = False
        """Text came after a finish reason, which was none then."""
        # How many deltas of the read that brought the finish reason came before it.
        self._before_reason = 0
        # How many deltas of the read that brought the usage came before it.
        self._counted = 0
        # Whether the next deltas change what is known: the answer has not begun for certain, or no text came after the usage.
        self._judging = True
        # By kind of text: the first half of a surrogate pair, which waits for the other one.
        self._halves: dict[bool, str] = {}

    @property
    def counted(self) -> bool:
        """Whether the provider has reported how much it wrote, of all that came."""
        return self._tally.counts_output

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that `data` completes; none for keep-alives and the like."""
        if not self._beginning and not self._begin(data):
            return []
        if self._whole is not None:
            self._keep_whole(data)
            return []
        try:
            payloads = self._splitter.feed(data)
        except EventTooLargeError:
            self._fail(BrokenStream, "sent an event larger than 16 MB")
            return []
        deltas: list[Delta] = []
        if payloads and not self.over:
            flooded = len(payloads) > _MANY_EVENTS and len(data) < len(payloads) * _SMALLEST_EVENT_BYTES
            self._read(payloads[:_MANY_EVENTS] if flooded else payloads, deltas)
            if self.finish_reason is not None:
                self.went_on = self.went_on or len(deltas) > self._before_reason
                self._before_reason = 0
            if self._judging:
                self._judge(deltas)
            if flooded and not self.over:
                self._fail(BrokenStream, "sent only empty events")
        return deltas

    def end(self, *, cut: bool = False) -> list[Delta]:
        """The last deltas, once no more comes. `cut`: the connection failed, it was not closed in order.

        Sets `failure` when the answer is not complete: without `[DONE]`, a finish reason or a usage at its end, it was broken off.
        """
        deltas: list[Delta] = []
        if self.over:
            self._take_waiting(deltas)
        elif self._whole is not None:
            self._read_whole(deltas, cut=cut)
        else:
            self._read_rest(deltas, cut=cut)
        self._judge(deltas)
        halves = [Delta(clean(half), reasoning) for reasoning, half in self._halves.items()]
        self._halves.clear()
        deltas += [*self._tags.take(halves), *self._tags.rest()]
        self.answered = self.answered or _has_answer(deltas)
        self._wrote = self._wrote or bool(deltas or self.sources.attachments)
        self.usage = self._tally.settled(self._provider, self.model, answered=self.answered)
        if self.failure is None:
            counted = self.usage if self.usage is not None and not self.usage.unknown_output else None
            self.failure = failure_of_end(self._provider, self.finish_reason, answered=self.answered, written=self._wrote, usage=counted)
        self.over = True
        return deltas

    def _begin(self, data: bytes) -> bool:
        """Look at the first bytes that are not blank: some servers answer in one JSON object where a stream was asked for."""
        start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start:
            return False
        self._beginning = start[:_QUOTED_BYTES]
        if start.startswith((b"{", b"[")):
            self._whole = []
        return True

    def _keep_whole(self, data: bytes) -> None:
        if self._whole is None or self.over:
            return
        self._whole.append(data)
        self._whole_size += len(data)
        if self._whole_size > MAX_EVENT_BYTES:
            self._fail(UnexpectedAnswer, "sent more than 16 MB of JSON")

    def _read(self, payloads: list[bytes], deltas: list[Delta]) -> None:  # noqa: C901, PLR0912 (the hot path: a call costs what a branch saves)
        """About a microsecond and a half for a payload in the usual form."""
        mine, usual, size = self._choices.index, self._usual_size, 0
        for payload in payloads:
            try:
                chunk = decode_fast(payload)
            except NOT_USUAL:
                odd = self._decode_odd(payload)
                if self.over:
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
                    and content.isascii()  # Other text may hold half a surrogate pair.
                    and "\0" not in content
                    and not self._halves
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
            if not choices or chunk.usage is not None or chunk.error is not None or chunk.x_groq is not None or self.model is None:
                self._take_rest(chunk, payload, deltas)
            if self.over:
                break
        if size:
            self._sizes[False] += size
        self._last_payload = payloads[-1]

    def _take_choice(self, chunk: Chunk, choice: ChunkChoice, payload: bytes, deltas: list[Delta]) -> Chunk:
        """Take a chunk that is not the usual piece of text, `choice` being its first. Gives it as it was understood in the end."""
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
            text = self._written.new_in(text, choice.message, deltas, self._sizes, last=bool(choice.finish_reason))
        if text is not None:
            self._take_text(text, deltas)
        if choice.finish_reason:
            self._take_reason(choice.finish_reason, text, deltas)
        return chunk

    def _needs_closer_look(self, text: ChunkText | None, payload: bytes) -> bool:
        """Whether a payload has something that the structs don't see: sources, images, a usage in a choice, thinking in a rare name.

        Beside text these make a payload longer than those before it were, which is cheaper to see than the names.
        """
        size = 0
        if text is not None and text.content:
            size = len(payload) - len(text.content)
            if size <= self._usual_size:
                return False
        rare = RARE_NAMES.search(payload)
        if size and (rare is None or rare["flag"] is None):  # A flag changes what the text is, in each payload.
            self._usual_size = size + _MORE_BYTES
        return rare is not None

    def _decode_odd(self, payload: bytes) -> Chunk | None:
        """A payload that is not in the usual form; `None` when there is no chunk in it."""
        if _DONE.match(payload):
            self.over = True
            return None
        if self.over or not payload.strip():
            return None
        try:
            return tolerant(payload)
        except NotJsonError:
            if not _says_nothing(payload):
                self._fail(BrokenStream, f"sent unexpected data in the stream: “{self._quoted(payload)}”")
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

    def _take_waiting(self, deltas: list[Delta]) -> None:
        """What another choice brought, where it turns out to be the answer."""
        begun = bool(deltas) or self._sizes != [0, 0]
        choice = self._choices.rest(begun=begun, finished=self.finish_reason is not None)
        if choice is not None and choice.delta is not None:
            self._take_text(choice.delta, deltas)
            if choice.finish_reason:
                self._take_reason(choice.finish_reason, choice.delta, deltas)

    def _take_reason(self, told: str, text: ChunkText | None, deltas: list[Delta]) -> None:
        if says_nothing(told):
            return
        if text is not None and text.content and deltas and self._written.is_repeated(deltas, self._sizes):
            self._sizes[False] -= len(deltas.pop().text)
        alone = text is None or not (text.content or text.thought)
        if self.finish_reason is None or alone:
            self.ends = alone
            self.went_on = False
            self._before_reason = len(deltas)
        if self.failed or (self.ends and not self.went_on and ending_of(self.finish_reason) in CUT):
            told = graver_of(self.finish_reason, told) or told  # What was cut or failed stays so, whatever comes after it.
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
            odd = tolerant(payload)  # An error without an envelope, or a usage in a message: the structs see neither.
            error, told = odd.error, odd.usage or told
            if odd.choices and (reason := odd.choices[0].finish_reason):
                self._take_reason(reason, None, deltas)
        if told is not None and self._tally.add(told, chunk.cost):
            self._payload_with_usage = payload
            self._usage_alone = not chunk.choices
            self._counted = len(deltas)
            self._judging = True
        if error:
            self.failure = failure_in_stream(self._provider, error)
            self.over = True

    def _judge(self, deltas: list[Delta]) -> None:
        """Whether the deltas of one read begin the answer, and whether the usage counts them."""
        if len(deltas) > self._counted:
            self._tally.outdate()
        self._counted = 0
        if not self._begun:
            self._wrote = self._wrote or bool(deltas)
            self._written.remember(deltas)
            if _has_answer(deltas):
                if not self._tags.over:
                    deltas[:] = self._tags.take(deltas, thought=self._sizes[True] > 0)
                self.answered = self.answered or _has_answer(deltas)
            self._begun = self.answered and self._tags.over and self._written.remembered
        self._judging = not self._begun or self._tally.can_be_outdated

    def _read_rest(self, deltas: list[Delta], *, cut: bool) -> None:
        """What the last event holds although no blank line ended it, unless it was cut in its middle."""
        for payload in self._splitter.flush():
            try:
                if not _DONE.match(payload):
                    tolerant(payload)
            except NotJsonError:
                continue
            self._read([payload], deltas)
        self._take_waiting(deltas)
        if self.over or self._ended_by_reason(cut=cut) or self._ended_by_usage(cut=cut):
            return
        if self._beginning and not self._last_payload and not cut and not _EVENT_STREAM.match(self._beginning):
            self._fail(UnexpectedAnswer, f"sent an unexpected response instead of an event stream: “{self._quoted(self._beginning)}”")
        else:
            self._fail(BrokenStream, "closed the connection before the answer was complete")

    def _ended_by_reason(self, *, cut: bool) -> bool:
        # A reason that more text followed was none; only a connection that ended in order says then that this was all.
        return self.finish_reason is not None and not (cut and self.went_on)

    def _ended_by_usage(self, *, cut: bool) -> bool:
        # Some providers send a usage with every chunk: then the last one says nothing about the end.
        once_and_last = self._tally.reports == 1 and self._last_payload is self._payload_with_usage
        return once_and_last and (not cut or (self._usage_alone and self.answered))

    def _read_whole(self, deltas: list[Delta], *, cut: bool) -> None:
        """One JSON object in place of a stream."""
        body = b"".join(self._whole or ())
        try:
            chunk = tolerant(body)
        except NotJsonError:
            if cut:
                self._fail(BrokenStream, "closed the connection before the answer was complete")
            else:
                self._fail(UnexpectedAnswer, f"sent an unexpected response: “{self._quoted(body)}”")
            return
        self._take_rest(chunk, body, deltas)
        if chunk.choices:
            self.sources.look(decode_loosely(body))
        if self.failure is not None:
            self.failure.refused = True  # It stands in place of an answer.
            return
        if not chunk.choices:
            self._fail(UnexpectedAnswer, f"sent an unexpected response: “{self._quoted(body)}”")
            return
        choice: ChunkChoice = next((choice for choice in chunk.choices if not choice.index), chunk.choices[0])
        text = choice.message or choice.delta
        if text is not None:
            self._take_text(text, deltas)
        self._counted = len(deltas)
        if choice.finish_reason:
            self._take_reason(choice.finish_reason, text, deltas)

    def _quoted(self, words: bytes) -> str:
        return shorten(words[:_QUOTED_BYTES].decode("utf-8", "replace"), self._provider.secret)

    def _fail(self, kind: type[ProviderError], what: str) -> None:
        advice = "Check the base URL." if kind is UnexpectedAnswer else "The text so far is kept. Try again."
        self.failure = kind(f"{self._provider.name} {what}. {advice}", provider=self._provider.name)
        self.over = True


def _says_nothing(payload: bytes) -> bool:
    """Whether it is JSON that no server can mean anything by, such as `null`."""
    try:
        told = decode_loosely(payload)
    except NotJsonError:
        return False
    return not told or isinstance(told, bool | int | float | Decimal)


def _has_answer(deltas: list[Delta]) -> bool:
    for delta in deltas:  # noqa: SIM110 - faster than `any` for the one delta of most reads
        if not delta.reasoning:
            return True
    return False
