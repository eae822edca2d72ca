"""Deletes what is over: logins, resets, invitations."""

import anyio
import structlog

from .repository import UserRepository

_PAUSE_SECONDS = 3_600.0

_logger = structlog.get_logger(__name__)


class Tidying:
    """Tidies up now and then. Several replicas may do it at the same time."""

    def __init__(self, repository: UserRepository) -> None:
        self._repository = repository

    async def run_forever(self) -> None:
        """Tidy up at the start and every hour, for as long as the service lives."""
        while True:
            try:
                deleted = await self._repository.tidy()
            except Exception:
                _logger.exception("tidying_failed")
            else:
                _logger.debug("tidied", rows=deleted)
            await anyio.sleep(_PAUSE_SECONDS)
