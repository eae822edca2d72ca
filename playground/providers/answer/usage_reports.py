"""The usage of one answer, and where in the answer it was reported: text that comes later outdates it."""

from decimal import Decimal

from playground.providers.calls import Usage
from playground.providers.records import Provider

from .reported_usage import ChunkUsage
from .usage import UsageTally


class UsageReports:
    """Takes the reports of one answer."""

    __slots__ = ("_alone", "_before", "_payload", "_tally")

    def __init__(self) -> None:
        self._tally = UsageTally()
        self._payload: bytes | None = None
        """The last payload with a report."""
        self._alone = False
        """It had no text beside it."""
        self._before = 0
        """How many deltas of the present read came before the report."""

    def take(self, told: ChunkUsage, cost: Decimal | None, payload: bytes, *, alone: bool, deltas: int) -> bool:
        """Take what `payload` reports, after so many deltas of this read; `cost` stood beside it. False when it names nothing."""
        if not self._tally.add(told, cost):
            return False
        self._payload, self._alone, self._before = payload, alone, deltas
        return True

    def counts(self, deltas: int) -> None:
        """Regard what was reported in the present read as the count of its first `deltas` deltas."""
        self._before = deltas

    def heard(self, deltas: int) -> None:
        """End a read of so many deltas. Those after the report outdate it."""
        if deltas > self._before:
            self._tally.outdate()
        self._before = 0

    @property
    def can_be_outdated(self) -> bool:
        """Whether anything was reported that more text would outdate."""
        return self._tally.can_be_outdated

    @property
    def counts_output(self) -> bool:
        """Whether the provider has reported how much it wrote, of all that came."""
        return self._tally.counts_output

    def end_the_answer(self, last_payload: bytes, *, cut: bool, answered: bool) -> bool:
        """Whether the only report came last, and so shows that the answer is complete. `cut`: the connection broke.

        Some providers send a usage with every chunk: then the last one says nothing about the end.
        """
        once_and_last = self._tally.reports == 1 and last_payload is self._payload
        return once_and_last and (not cut or (self._alone and answered))

    def settled(self, provider: Provider, model: str | None, *, answered: bool) -> Usage | None:
        """What all reports come to; `None` when there was none. `answered`: there is text, so that an output of 0 is no count."""
        return self._tally.settled(provider, model, answered=answered)
