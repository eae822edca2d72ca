"""Deletes expired logins, password resets and invitations."""

import anyio
import structlog

from .repository import UserRepository

_PAUSE_SECONDS = 3_600.0

_logger = structlog.get_logger(__name__)


class ExpiredRowCleanup:
    """Deletes expired rows periodically. Several replicas can do it at the same time."""

    def __init__(self, repository: UserRepository) -> None:
        self._repository = repository

    async def run_forever(self) -> None:
        """Delete expired rows at the start and every hour, until cancelled."""
        while True:
            try:
                deleted = await self._repository.delete_expired()
            except Exception:
                _logger.exception("cleanup_failed")
            else:
                _logger.debug("expired_rows_deleted", rows=deleted)
            await anyio.sleep(_PAUSE_SECONDS)
