"""Adds charges up, behind the answers that wrote them."""

import random

import anyio
import structlog

from playground.kit.errors import Unavailable

from .repository import SpendRepository

_PAUSE_SECONDS = 5.0
_spread = random.Random()  # noqa: S311 - spreads pauses, is no secret

_logger = structlog.get_logger(__name__)


class Adder:
    """Fills `spend` while the service runs. Of several processes, one does it at a time."""

    def __init__(self, repository: SpendRepository) -> None:
        self._repository = repository

    async def run_forever(self) -> None:
        """Add up new charges every few seconds, until the service ends."""
        while True:
            try:
                await self._repository.add_up()
            except Unavailable:
                pass  # The charges stay, and reports read them directly.
            except Exception:
                _logger.exception("charges_not_added_up")
            await anyio.sleep(_PAUSE_SECONDS * _spread.uniform(0.8, 1.2))
