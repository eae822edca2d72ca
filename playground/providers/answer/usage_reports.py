"""The usage of one answer, and where in the answer it was reported, since later text outdates it."""

from decimal import Decimal

from playground.providers.calls import Usage
from playground.providers.records import Provider

from .reported_usage import ChunkUsage
from .usage import UsageTally


class UsageReports:
    """Processes the usage reports of one answer."""

    __slots__ = ("_alone", "_before", "_payload", "_tally")

    def __init__(self) -> None:
        self._tally = UsageTally()
        self._payload: bytes | None = None
        """The last payload had a report."""
        self._alone = False
        """It had no text."""
        self._before = 0
        """The number of deltas in the current read before the report."""

    def take(self, told: ChunkUsage, cost: Decimal | None, payload: bytes, *, alone: bool, deltas: int) -> bool:
        """Add the report of `payload`, after this many deltas of the read; `cost` is next to it. False if it has no numbers."""
        if not self._tally.add(told, cost):
            return False
        self._payload, self._alone, self._before = payload, alone, deltas
        return True

    def counts(self, deltas: int) -> None:
        """Treat the reports of the current read as counts of its first `deltas` deltas."""
        self._before = deltas

    def heard(self, deltas: int) -> None:
        """End a read with this many deltas. Deltas after the report outdate it."""
        if deltas > self._before:
            self._tally.outdate()
        self._before = 0

    @property
    def can_be_outdated(self) -> bool:
        """Return whether anything was reported that more text would outdate."""
        return self._tally.can_be_outdated

    @property
    def counts_output(self) -> bool:
        """Return whether the provider has reported the output of everything so far."""
        return self._tally.counts_output

    def end_the_answer(self, last_payload: bytes, *, cut: bool, answered: bool) -> bool:
        """Return whether the only report came last, which shows that the answer is complete. `cut`: the connection broke.

        Some providers send a usage with every chunk; then the last one says nothing about the end.
        """
        once_and_last = self._tally.reports == 1 and last_payload is self._payload
        return once_and_last and (not cut or (self._alone and answered))

    def settled(self, provider: Provider, model: str | None, *, answered: bool) -> Usage | None:
        """Return the merged usage, or `None` without a report. `answered`: there is text, so an output of 0 is not a count."""
        return self._tally.settled(provider, model, answered=answered)
