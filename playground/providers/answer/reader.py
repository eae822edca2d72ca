"""Interprets the bytes of one answer: deltas, usage, and how it ended. Knows nothing about connections and clocks.

`states` has the states of an answer and the reasons for them; `contents` processes its chunks.
"""

import re

from playground.providers.calls import Delta, Usage
from playground.providers.errors.kinds import ProviderError
from playground.providers.records import Provider

from .chunks import NotJsonError, tolerant
from .contents import DONE, Contents
from .judgement import failure_of_end
from .opening import Opening
from .sources import SourceCollector
from .sse import MAX_EVENT_BYTES, EventSplitter, EventTooLargeError
from .states import Event, Progress, State
from .stream_failures import QUOTED_BYTES, broken_stream, quoted, unexpected_answer

_EVENT_STREAM = re.compile(rb"(:|data|error|event|id|retry)")
_MANY_EVENTS = 500
"""More events in one read, if they are small, count as a flood."""
_SMALLEST_EVENT_BYTES = 40
"""The smallest event with text or a usage. One read may contain thousands of smaller ones, each of which takes ten times as long as a
usual one.
"""
_WRITING = State.WRITING


class AnswerReader:
    """Reads the body of one answer, split anywhere. When its state is `OVER`, the rest is ignored."""

    __slots__ = (
        "_beginning",
        "_contents",
        "_last_payload",
        "_object",
        "_object_size",
        "_opening",
        "_provider",
        "_splitter",
        "progress",
        "usage",
    )

    def __init__(self, provider: Provider) -> None:
        self.usage: Usage | None = None
        """The merged usage, when the answer is over."""
        self._provider = provider
        self.progress = Progress()
        """The state of the answer."""
        self._contents = Contents(provider, self.progress)
        self._opening = Opening(self._contents.written)
        self._splitter = EventSplitter()
        self._beginning = b""
        self._last_payload = b""
        self._object: list[bytes] = []
        """The pieces of one JSON object that was sent instead of a stream."""
        self._object_size = 0

    @property
    def failure(self) -> ProviderError | None:
        """The error, to be raised after the deltas before it."""
        return self._contents.failure

    @property
    def finish_reason(self) -> str | None:
        """In the provider's words."""
        return self._contents.finish_reason

    @property
    def model(self) -> str | None:
        """The model that answers, in the provider's words."""
        return self._contents.model

    @property
    def sources(self) -> SourceCollector:
        """Parts that are not text."""
        return self._contents.sources

    @property
    def answered(self) -> bool:
        """Return whether there is text that is not reasoning."""
        return self._opening.answered

    @property
    def settles(self) -> bool:
        """Return whether a finish reason ends the answer even without text: output was counted, or the reason is a failure."""
        return self._contents.usage.counts_output or self._contents.failed

    def feed(self, data: bytes) -> list[Delta]:
        """Return the deltas that `data` completes; none for keep-alives and the like."""
        progress = self.progress
        if progress.state is not _WRITING and not self._is_streaming(data):
            return []
        try:
            payloads = self._splitter.feed(data)
        except EventTooLargeError:
            self._fail(broken_stream(self._provider, "sent an event larger than 16 MB"))
            return []
        deltas: list[Delta] = []
        if payloads:
            flooded = len(payloads) > _MANY_EVENTS and len(data) < len(payloads) * _SMALLEST_EVENT_BYTES
            contents = self._contents
            contents.take(payloads[:_MANY_EVENTS] if flooded else payloads, deltas)
            self._last_payload = payloads[-1]
            if progress.state is not _WRITING:
                contents.look_for_resumed(len(deltas))
            if contents.unsettled:
                self._settle(deltas)
            if flooded and progress.state is not State.OVER:
                self._fail(broken_stream(self._provider, "sent only empty events"))
        return deltas

    def end(self, *, cut: bool = False) -> list[Delta]:
        """Return the last deltas, when no more data follows. `cut`: the connection failed instead of being closed properly.

        Sets `failure` if the answer is not complete: without `[DONE]`, a finish reason or a final usage it was broken off.
        """
        contents, opening = self._contents, self._opening
        deltas: list[Delta] = []
        match self.progress.state:
            case State.OVER:
                contents.take_waiting(deltas)
            case State.OBJECT:
                self._read_object(deltas, cut=cut)
            case _:
                self._read_rest(deltas, cut=cut)
        self._settle(deltas)
        opening.end(deltas, contents.halves())
        wrote = opening.wrote or bool(contents.sources.attachments)
        self.usage = contents.usage.settled(self._provider, contents.model, answered=opening.answered)
        if contents.failure is None:
            counted = self.usage if self.usage is not None and not self.usage.unknown_output else None
            contents.failure = failure_of_end(
                self._provider, contents.finish_reason, answered=opening.answered, written=wrote, usage=counted
            )
        self.progress.on(Event.ENDED)
        return deltas

    def _is_streaming(self, data: bytes) -> bool:
        """Return whether `data` belongs to an event stream. Stores it if it belongs to one JSON object."""
        if self.progress.state is State.BLANK:
            self._begin(data)
        match self.progress.state:
            case State.BLANK | State.OVER:
                return False
            case State.OBJECT:
                self._object.append(data)
                self._object_size += len(data)
                if self._object_size > MAX_EVENT_BYTES:
                    self._fail(unexpected_answer(self._provider, "sent more than 16 MB of JSON"))
                return False
            case _:
                return True

    def _begin(self, data: bytes) -> None:
        """Check the first bytes that are not white space: some servers send one JSON object instead of the requested stream."""
        start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start:
            self._beginning = start[:QUOTED_BYTES]
            self.progress.on(Event.OBJECT_BEGAN if start.startswith((b"{", b"[")) else Event.STREAM_BEGAN)

    def _settle(self, deltas: list[Delta]) -> None:
        """Check whether the deltas of one read start the answer, and whether the usage includes them."""
        contents, opening = self._contents, self._opening
        contents.usage.heard(len(deltas))
        opening.take(deltas, thought=contents.thought)
        contents.unsettled = not opening.over or contents.usage.can_be_outdated

    def _read_rest(self, deltas: list[Delta], *, cut: bool) -> None:
        """Return the last event if only its blank line is missing, unless it is incomplete."""
        contents = self._contents
        for payload in self._splitter.flush():
            if self.progress.state is State.OVER:
                break
            try:
                if not DONE.match(payload):
                    tolerant(payload)
            except NotJsonError:
                continue
            contents.take([payload], deltas)
            self._last_payload = payload
        contents.take_waiting(deltas)
        if not self._is_complete(cut=cut):
            self._fail(self._incomplete(cut=cut))

    def _is_complete(self, *, cut: bool) -> bool:
        """Return whether the answer had any of the possible ends."""
        match self.progress.state:
            case State.OVER | State.REASONED | State.CLOSING:
                return True
            case State.RESUMED if not cut:
                return True  # Only a connection that was closed properly shows that this was everything.
        return self._contents.usage.end_the_answer(self._last_payload, cut=cut, answered=self._opening.answered)

    def _incomplete(self, *, cut: bool) -> ProviderError:
        if self._beginning and not self._last_payload and not cut and not _EVENT_STREAM.match(self._beginning):
            words = quoted(self._provider, self._beginning)
            return unexpected_answer(self._provider, f"sent an unexpected response instead of an event stream: “{words}”")
        return broken_stream(self._provider, "closed the connection before the answer was complete")

    def _read_object(self, deltas: list[Delta], *, cut: bool) -> None:
        """Process one JSON object instead of a stream."""
        body = b"".join(self._object)
        try:
            understood = self._contents.take_object(body, deltas)
        except NotJsonError:
            if cut:
                self._fail(broken_stream(self._provider, "closed the connection before the answer was complete"))
                return
            understood = False
        if not understood:
            self._fail(unexpected_answer(self._provider, f"sent an unexpected response: “{quoted(self._provider, body)}”"))

    def _fail(self, failure: ProviderError) -> None:
        self._contents.fail(failure)
