"""Removes for good what was deleted or has expired a while ago."""

import anyio
import structlog

from .repository import ConversationRepository

_PAUSE_SECONDS = 3_600.0

_logger = structlog.get_logger(__name__)


async def empty_trash_regularly(repository: ConversationRepository, days: int) -> None:
    """Do it at the start and every hour, for as long as the service lives. Several processes may at the same time."""
    while True:
        try:
            removed = await repository.empty_trash(days)
        except Exception:
            _logger.exception("emptying_trash_failed")
        else:
            _logger.debug("emptied_trash", sessions=removed)
        await anyio.sleep(_PAUSE_SECONDS)
