"""One answer as it arrives over a connection."""

import asyncio
from collections.abc import Callable

import anyio

from playground.providers.calls import Attachment, Delta, Source, Usage
from playground.providers.transport.arrivals import Body, hear, rest_of
from playground.providers.transport.pool import LOST_CONNECTION

from .reader import AnswerReader
from .states import State
from .timeouts import Watch

_DRAIN_SECONDS = 0.1
_WRITING, _OVER = State.WRITING, State.OVER

Take = Callable[[list[Delta]], None]


class AnswerStream:
    """`usage`, `finish_reason` and `model` have the values so far, also after a failure or a cancellation."""

    def __init__(self, body: Body, reader: AnswerReader, watch: Watch) -> None:
        self._body = body
        self._reader = reader
        self._progress = reader.progress
        self._watch = watch
        self._take: Take
        self._complete = False
        self.silence = 0.0
        """The seconds of silence after which an answer with an end was taken as complete."""

    @property
    def usage(self) -> Usage | None:
        """The provider's own token count, when the answer is over."""
        return self._reader.usage

    @property
    def finish_reason(self) -> str | None:
        """In the provider's words: `stop`, `length`, `content_filter`, ..."""
        return self._reader.finish_reason

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources, in the order of their numbers in the text."""
        return self._reader.sources.sources

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Parts that are not text."""
        return self._reader.sources.attachments

    @property
    def model(self) -> str | None:
        """The model that answers, in the provider's words: often a dated version of the requested one."""
        return self._reader.model

    async def deliver(self, take: Take) -> None:
        """Call `take` with all deltas of each network read, never an empty list, until the answer is over. Call this once, in one task.

        `take` must not block, since it is called while data is received. Raises a `ProviderError` after the deltas before the failure, and
        the errors of `take`; an `OSError` of `take` would be interpreted as one of the connection.
        """
        reader, watch = self._reader, self._watch
        self._take = take
        watch.follow()
        watch.waiting = True
        cut = False
        try:
            await hear(self._body, self._heard)
        except asyncio.CancelledError as cancelled:
            verdict = watch.verdict(cancelled)
            # An answer with an end is complete, also if its server neither continues nor closes the connection.
            if verdict is cancelled or not watch.finished:
                self._end(cut=True)
                # So is one JSON object instead of a stream.
                if verdict is cancelled or reader.failure is not None or not reader.answered:
                    raise verdict from None
                return
            self.silence = watch.silence
        except LOST_CONNECTION:
            cut = True
        finally:
            watch.waiting = False
        self._end(cut=cut)
        if reader.failure is not None:
            raise reader.failure

    def _end(self, *, cut: bool) -> None:
        # A server that ends the answer before the connection may send more data after it.
        self._complete = self._progress.state is _OVER
        deltas = self._reader.end(cut=cut)
        if deltas:
            self._take(deltas)

    def _heard(self, data: bytes) -> bool:
        reader = self._reader
        deltas = reader.feed(data)
        self._watch.heard(text=bool(deltas))
        if deltas:
            self._take(deltas)
        state = self._progress.state
        if state is _WRITING:
            return False
        self._watch.answer_is(state, settles=reader.settles)
        return state is _OVER

    async def drain(self) -> None:
        """Read the data after a complete answer, so that the connection can be used for another call. Waits only for a moment."""
        if self._complete and self._reader.failure is None:
            with anyio.move_on_after(_DRAIN_SECONDS):
                try:
                    async for _ in rest_of(self._body):
                        pass
                except LOST_CONNECTION:
                    return
