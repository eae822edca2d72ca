"""Keeps the reservations of this process's runs, and gives back those of processes that died."""

import time

import anyio
import structlog

from playground.kit.errors import Unavailable

from .repository import UsageRepository

HELD_SECONDS = 60.0
"""How long a reservation outlives the process that made it."""
_BEAT_SECONDS = 20.0
LATE_SECONDS = 120.0
"""How late a statement may reach the database when whoever sent it is gone: the longest pause of TCP between two attempts (RFC 6298)."""

_logger = structlog.get_logger(__name__)


class Reservations:
    """What the runs of this process have reserved and not settled yet."""

    def __init__(self, repository: UsageRepository, *, held_seconds: float = HELD_SECONDS, beat_seconds: float = _BEAT_SECONDS) -> None:
        self._repository = repository
        self.held_seconds = held_seconds
        self._beat_seconds = beat_seconds
        self._held: set[str] = set()
        self._withdrawn: dict[str, float] = {}
        """Until when each is given back again (monotonic seconds)."""

    def hold(self, run_id: str) -> None:
        """From now on this process puts off the end of the run's reservation, until it is settled."""
        self._held.add(run_id)

    def withdraw(self, run_id: str) -> None:
        """The run was not started. What was reserved for it, or still will be, is given back in the background, its request too."""
        self._held.discard(run_id)
        self._withdrawn[run_id] = time.monotonic() + LATE_SECONDS

    async def run_forever(self) -> None:
        """Put off and give back, while the service lives."""
        # After the database was away every replica puts off its own first; only then may any of them give others' back.
        may_sweep = False
        while True:
            try:
                await self.put_off()
                await self.give_back()
                if may_sweep:
                    await self.sweep()
                may_sweep = True
            except Unavailable:
                may_sweep = False
            except Exception:
                _logger.exception("reservations_not_kept")
            await anyio.sleep(self._beat_seconds)

    async def put_off(self) -> None:
        """Put off the end of all that is held, and forget what was settled. Raises `Unavailable`."""
        held = self._held.copy()
        if held:
            there = await self._repository.hold(sorted(held), self.held_seconds)
            self._held -= held.difference(there)

    async def give_back(self) -> None:
        """Give back what was withdrawn. Raises `Unavailable`."""
        for run_id, until in tuple(self._withdrawn.items()):
            over = time.monotonic() >= until
            await self._repository.release(run_id)
            # Before that, the reservation itself may come after this.
            if over:
                del self._withdrawn[run_id]

    async def sweep(self) -> None:
        """Give back the reservations whose processes died. Raises `Unavailable`."""
        runs = await self._repository.sweep()
        if runs:
            _logger.info("reservations_given_back", runs=runs)
