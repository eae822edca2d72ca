"""One answer as it comes in over a connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

import anyio

from .answer_reader import AnswerReader
from .calls import Delta, Usage
from .connection import LOST_CONNECTION
from .patience import Watch

_DRAIN_SECONDS = 0.1


class AnswerStream:
    """Iterate over it once, in one task: each step gives all deltas of one network read, never an empty list.

    Raises a `ProviderError` after the deltas that came before the failure. `usage`, `finish_reason` and `model` hold what has been told
    so far, also after a failure or a cancellation.
    """

    def __init__(self, body: AsyncIterator[bytes], reader: AnswerReader, watch: Watch) -> None:
        self._body = body
        self._next = body.__anext__
        self._reader = reader
        self._watch = watch
        self._at_end = False
        self._told_end = False

    @property
    def usage(self) -> Usage | None:
        """The provider's own count, once it told it."""
        return self._reader.usage

    @property
    def finish_reason(self) -> str | None:
        """As the provider says it: `stop`, `length`, `content_filter`, ..."""
        return self._reader.finish_reason

    @property
    def model(self) -> str | None:
        """The model that answers, in the provider's words: often a dated version of the one that was asked."""
        return self._reader.model

    def __aiter__(self) -> Self:
        self._watch.follow()
        return self

    async def __anext__(self) -> list[Delta]:
        reader, watch = self._reader, self._watch
        while not reader.over:
            watch.waiting = True
            try:
                data = await self._next()
            except asyncio.CancelledError as cancelled:
                raise watch.verdict(cancelled) from None
            except StopAsyncIteration:
                deltas = self._end(cut=False)
            except LOST_CONNECTION:
                deltas = self._end(cut=True)
            else:
                deltas = reader.feed(data)
                watch.heard(text=bool(deltas))
            finally:
                watch.waiting = False
            if deltas:
                return deltas
        if not self._told_end:
            self._told_end = True
            deltas = reader.end()
            if deltas:
                return deltas
        if reader.failure is not None:
            raise reader.failure
        raise StopAsyncIteration

    async def drain(self) -> None:
        """Read what comes after a complete answer, so that the connection can serve another call. Waits for a moment only."""
        if self._told_end and not self._at_end and self._reader.failure is None:
            with anyio.move_on_after(_DRAIN_SECONDS):
                try:
                    async for _ in self._body:
                        pass
                except LOST_CONNECTION:
                    return

    def _end(self, *, cut: bool) -> list[Delta]:
        self._at_end = self._told_end = True
        return self._reader.end(cut=cut)
