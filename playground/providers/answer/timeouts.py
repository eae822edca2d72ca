"""The time limits for a provider.

There are three limits: for connecting (enforced by the HTTP client), from sending the request to the first text, and between two reads.
None of them costs anything per chunk: a read sets a number, and one timer per call checks the numbers when the limit could have passed, and
sets itself again for the rest. Which limit applies depends on what is waited for (`Awaited`), which follows from the states of the answer
(`states`) by the table `AWAITED_NEXT`. Text leads from `FIRST_TEXT` to `MORE_TEXT`.

Activity: a model may reason silently for minutes before its first text, and some providers keep the connection busy meanwhile (OpenRouter
sends `: OPENROUTER PROCESSING`, DeepSeek `: keep-alive` while a request is queued). Both are waited for until `first_token` has passed.
After the first text, every byte is a sign of activity, so silence is `between_tokens` without a byte. But keep-alives without text are
accepted no longer than the wait for a first text, since a provider that only sends them would never end.

After a finish reason, only the usage and the end may follow, and are waited for briefly; keep-alives don't count then. But some servers
send a reason with every chunk: a reason before any text isn't one, unless the output was counted, and neither is one before more text;
after one with text, the end is waited for as long as more text would be.

The time before the answer is read, and after its end, is not silence of the provider.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self, TypeVar

from playground.providers.errors.kinds import GivenUp
from playground.providers.records import Provider

from .states import State

_ENDING_SECONDS = 15.0
_READING_SECONDS = 0.1
"""The extra time for data that arrived before a limit and was not read yet, for example because the process was paused. Not zero, since
uvloop calls due timers before it reads.
"""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits, in seconds."""

    connect: float
    first_token: float
    between_tokens: float


class Awaited(Enum):
    """What a call is waiting for."""

    FIRST_TEXT = auto()
    """At most `first_token`, from sending the request."""
    MORE_TEXT = auto()
    """At most `between_tokens` without a byte, and the longer of both limits without text."""
    END = auto()
    """The end, or more text: at most `between_tokens`, from the finish reason."""
    QUICK_END = auto()
    """The usage and the end: a few seconds, from the finish reason."""


AWAITED_NEXT: Mapping[Awaited, Mapping[State, Awaited]] = {
    # Only if this is an answer without text: its output was counted, or it failed.
    Awaited.FIRST_TEXT: {State.REASONED: Awaited.END, State.CLOSING: Awaited.QUICK_END},
    Awaited.MORE_TEXT: {State.REASONED: Awaited.END, State.CLOSING: Awaited.QUICK_END},
    Awaited.END: {State.RESUMED: Awaited.MORE_TEXT},
    Awaited.QUICK_END: {State.RESUMED: Awaited.MORE_TEXT},
}
"""What is waited for next when the answer is in that state; other states change nothing."""
_FIRST_TEXT = Awaited.FIRST_TEXT


class Watch:
    """Watches one call, from entering to leaving it. Time counts while `waiting` is true; `heard` reports received data.

    It works like `asyncio.timeout`: when a limit passes, it cancels the waiting task, which asks `verdict` for the reason of its
    cancellation. It doesn't use `anyio.CancelScope`, because moving a scope's deadline sets a timer again for every read.
    """

    __slots__ = (
        "_cancelling",
        "_expired",
        "_finished_at",
        "_heard_at",
        "_looked_again",
        "_loop",
        "_patience",
        "_provider",
        "_sent_at",
        "_task",
        "_text_at",
        "_timer",
        "awaited",
        "waiting",
    )

    def __init__(self, provider: Provider, patience: Patience) -> None:
        self._provider = provider
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._sent_at = self._heard_at = self._loop.time()
        self._text_at = self._finished_at = 0.0
        self.awaited = Awaited.FIRST_TEXT
        self._looked_again: float | None = None
        self._task = asyncio.current_task()
        self.waiting = False
        self._cancelling = 0
        self._expired: GivenUp | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._set_timer(self._sent_at + self._patience.first_token)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def wait(self, what: Awaitable[_T]) -> _T:
        """Return the result of `what`. Raises `GivenUp` if a limit passes first."""
        self.waiting = True
        try:
            return await what
        except asyncio.CancelledError as cancelled:
            raise self.verdict(cancelled) from None
        finally:
            self.waiting = False

    def verdict(self, cancelled: asyncio.CancelledError) -> BaseException:
        """Return the exception to raise when the waiting task was cancelled: `GivenUp` if a limit passed, or `cancelled` if it was
        cancelled from outside.
        """
        # If both happened at the same moment, the outside cancellation counts.
        if self._expired is not None and self._task is not None and self._task.uncancel() <= self._cancelling:
            return self._expired
        return cancelled

    def follow(self) -> None:
        """From now on, the calling task is the one that waits."""
        self._task = asyncio.current_task()

    def heard(self, *, text: bool) -> None:
        """Bytes arrived; `text`: with a delta among them."""
        self._heard_at = self._loop.time()
        if text:
            self._text_at = self._heard_at
            if self.awaited is _FIRST_TEXT:
                self._wait_for_more()

    def answer_is(self, state: State, *, settles: bool) -> None:
        """The received bytes brought the answer into `state`. `settles`: a finish reason ends it even without text."""
        awaited = AWAITED_NEXT[self.awaited].get(state)
        if awaited is None or (self.awaited is _FIRST_TEXT and not settles):
            return
        if awaited is Awaited.MORE_TEXT:
            self._wait_for_more()
            return
        self.awaited = awaited
        self._finished_at = self._loop.time()
        self._set_timer(self._finished_at + self._ending_seconds)

    def _wait_for_more(self) -> None:
        self.awaited = Awaited.MORE_TEXT
        # The timer is set to the previous limit, which may be much later.
        self._set_timer(self._heard_at + self._patience.between_tokens)

    @property
    def finished(self) -> bool:
        """The provider sent a finish reason, after the last text."""
        return self.awaited in (Awaited.END, Awaited.QUICK_END)

    @property
    def silence(self) -> float:
        """Return the seconds since the answer's last text, or since its finish reason."""
        return self._loop.time() - max(self._text_at, self._finished_at)

    @property
    def _ending_seconds(self) -> float:
        between_tokens = self._patience.between_tokens
        return min(_ENDING_SECONDS, between_tokens) if self.awaited is Awaited.QUICK_END else between_tokens

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._look)

    def _limit(self) -> tuple[float, str]:
        """Return when the current limit passes, and what the provider failed to do by then."""
        patience = self._patience
        match self.awaited:
            case Awaited.FIRST_TEXT:
                text = f"sent no text within {patience.first_token:g} s; it may still be working on the request and charge for it"
                return self._sent_at + patience.first_token, text
            case Awaited.MORE_TEXT:
                silent_at = self._heard_at + patience.between_tokens
                longest = max(patience.first_token, patience.between_tokens)
                textless_at = self._text_at + longest
                if silent_at <= textless_at:
                    return silent_at, f"sent nothing for {patience.between_tokens:g} s"
                return textless_at, f"sent no text for {longest:g} s"
        return self._finished_at + self._ending_seconds, f"did not close the answer within {self._ending_seconds:g} s after its last part"

    def _look(self) -> None:
        now = self._loop.time()
        patience = self._patience
        due, text = self._limit()
        if now < due:
            self._set_timer(due)
        elif due != self._looked_again:
            self._looked_again = due
            self._set_timer(now + _READING_SECONDS)
        elif not self.waiting or self._task is None:
            self._set_timer(now + patience.between_tokens)
        else:
            self._timer = None
            self._expired = GivenUp(f"{self._provider.name} {text}. Try again, or choose a faster model.", provider=self._provider.name)
            self._cancelling = self._task.cancelling()
            self._task.cancel()
