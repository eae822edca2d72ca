"""All that is kept of an account, as a ZIP of JSON files that is made while it is sent."""

import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic.alias_generators import to_camel

from playground.comparison.history import History
from playground.comparison.service import SessionNotFound
from playground.schemas import WireModel, money

from .export_repository import TABLES, ExportRepository
from .schemas import Profile

_ROWS = 100
_AT_ONCE = 2
"""Threads that compress, for all exports together."""

_Document = WireModel | list[dict[str, Any]]


def file_name() -> str:
    """Under which a browser keeps an export of today."""
    return f"playground-{datetime.now(UTC):%Y-%m-%d}.zip"


class Export:
    """Puts an account's data together. One session is in memory at a time."""

    def __init__(self, repository: ExportRepository, history: History) -> None:
        self._repository = repository
        self._history = history
        self._limiter = CapacityLimiter(_AT_ONCE)

    async def parts(self, profile: Profile) -> AsyncIterator[bytes]:
        """The ZIP, piece by piece. Raises `Unavailable` while the database is away: the ZIP then breaks off, and no program takes it."""
        archive = _Archive()
        async for name, document in self._documents(profile):
            # In a thread: the text of a long session takes a while to write and to compress.
            yield await run_sync(archive.add, name, document, limiter=self._limiter)
        yield archive.close()

    async def _documents(self, profile: Profile) -> AsyncIterator[tuple[str, _Document]]:
        yield "profile.json", profile
        for table in TABLES:
            yield f"{table}.json", [row async for row in self._rows(table, profile.id)]
        async for session_id in self._session_ids(profile.id):
            try:
                session = await self._history.detail(profile.id, session_id)
            except SessionNotFound:
                continue  # It was deleted meanwhile.
            yield f"sessions/{session_id}.json", session

    async def _rows(self, table: str, user_id: str) -> AsyncIterator[dict[str, Any]]:
        after = ""
        while rows := await self._repository.rows(table, user_id, after, _ROWS):
            after = rows[-1]["position"]
            for row in rows:
                yield {to_camel(name): value for name, value in row.items() if name != "position"}

    async def _session_ids(self, user_id: str) -> AsyncIterator[str]:
        after = ""
        while ids := await self._repository.session_ids(user_id, after, _ROWS):
            after = ids[-1]
            for session_id in ids:
                yield session_id


class _Archive:
    """A ZIP that is handed out as it grows."""

    def __init__(self) -> None:
        self._new = bytearray()
        # Given something that can't be rewound, it writes sizes after the files and not before them.
        self._file = zipfile.ZipFile(self, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]

    def write(self, data: bytes) -> int:
        """What the ZIP's writer calls."""
        self._new += data
        return len(data)

    def flush(self) -> None:
        """What the ZIP's writer calls."""

    def add(self, name: str, document: _Document) -> bytes:
        """Add a file; what is new in the archive."""
        self._file.writestr(name, _json(document))
        return self._taken()

    def close(self) -> bytes:
        """End the archive; what is new in it."""
        self._file.close()
        return self._taken()

    def _taken(self) -> bytes:
        new, self._new = bytes(self._new), bytearray()
        return new


def _json(document: _Document) -> bytes:
    if isinstance(document, WireModel):
        return document.model_dump_json(by_alias=True, indent=2).encode()
    return json.dumps(document, ensure_ascii=False, indent=2, default=_as_text).encode()


def _as_text(value: object) -> str:
    return money(value) if isinstance(value, Decimal) else str(value)
