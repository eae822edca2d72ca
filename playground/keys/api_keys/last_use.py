"""When API keys were last used: recorded in memory by every request, written in batches in the background."""

from datetime import UTC, datetime

import anyio
import structlog
from cachetools import LRUCache

from playground.keys.repository import ApiKeyRepository
from playground.kit.errors import Unavailable

_MOST_KEYS = 20_000
_PAUSE_SECONDS = 5.0
_LAST_WRITE_SECONDS = 2.0

_logger = structlog.get_logger(__name__)


class LastUseRecorder:
    """Records the last use of each key to the minute: a key in constant use costs one row in one statement per minute."""

    def __init__(self, repository: ApiKeyRepository) -> None:
        self._repository = repository
        self._recorded: LRUCache[str, datetime] = LRUCache(_MOST_KEYS)
        self._unwritten: dict[str, datetime] = {}
        self._news = anyio.Event()

    def record(self, key_id: str) -> None:
        """Record that the key is used now."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        if self._recorded.get(key_id) != minute:
            self._recorded[key_id] = self._unwritten[key_id] = minute
            self._news.set()

    async def run_forever(self) -> None:
        """Write recorded uses until cancelled, and a last time then."""
        try:
            while True:
                await self._news.wait()
                await self._write()
                await anyio.sleep(_PAUSE_SECONDS)
        finally:
            with anyio.move_on_after(_LAST_WRITE_SECONDS, shield=True):
                await self._write()

    async def _write(self) -> None:
        self._news = anyio.Event()
        uses, self._unwritten = self._unwritten, {}
        if not uses:
            return
        try:
            await self._repository.store_last_uses(uses)
        except Unavailable:
            self._unwritten = uses | self._unwritten
            self._news.set()
        except Exception:
            _logger.exception("key_uses_lost", keys=len(uses))
