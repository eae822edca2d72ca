"""Extends the reservations of this process's runs, and releases those of processes that died."""

import time

import anyio
import structlog

from playground.kit.errors import Unavailable

from .repository import UsageRepository

HELD_SECONDS = 60.0
"""How long a reservation outlives the process that made it."""
_BEAT_SECONDS = 20.0
LATE_SECONDS = 120.0
"""How late a statement may reach the database after its sender has died: TCP's longest pause between two attempts (RFC 6298)."""

_logger = structlog.get_logger(__name__)


class Reservations:
    """The unsettled reservations of this process's runs."""

    def __init__(self, repository: UsageRepository, *, held_seconds: float = HELD_SECONDS, beat_seconds: float = _BEAT_SECONDS) -> None:
        self._repository = repository
        self.held_seconds = held_seconds
        self._beat_seconds = beat_seconds
        self._held: set[str] = set()
        self._withdrawn: dict[str, float] = {}
        """Until when each is released again and again (monotonic seconds)."""

    def hold(self, run_id: str) -> None:
        """Extend the run's reservation from now on, until it is settled."""
        self._held.add(run_id)

    def withdraw(self, run_id: str) -> None:
        """Release the run's reservation in the background, even if it is yet to be made. The run was not started."""
        self._held.discard(run_id)
        self._withdrawn[run_id] = time.monotonic() + LATE_SECONDS

    async def run_forever(self) -> None:
        """Extend and release reservations until cancelled."""
        # After the database was unavailable, every replica first extends its own, before any of them releases others'.
        may_sweep = False
        while True:
            try:
                await self.extend()
                await self.release_withdrawn()
                if may_sweep:
                    await self.sweep()
                may_sweep = True
            except Unavailable:
                may_sweep = False
            except Exception:
                _logger.exception("reservations_not_kept")
            await anyio.sleep(self._beat_seconds)

    async def extend(self) -> None:
        """Extend all held reservations, and drop the settled ones. Raises `Unavailable`."""
        held = self._held.copy()
        if held:
            there = await self._repository.extend(sorted(held), self.held_seconds)
            self._held -= held.difference(there)

    async def release_withdrawn(self) -> None:
        """Release withdrawn reservations. Raises `Unavailable`."""
        for run_id, until in tuple(self._withdrawn.items()):
            over = time.monotonic() >= until
            await self._repository.release(run_id)
            # Before that, the reservation itself may still reach the database after this.
            if over:
                del self._withdrawn[run_id]

    async def sweep(self) -> None:
        """Release the reservations whose processes died. Raises `Unavailable`."""
        runs = await self._repository.sweep()
        if runs:
            _logger.info("reservations_given_back", runs=runs)
