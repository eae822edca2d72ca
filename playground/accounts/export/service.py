"""All stored data of an account, as a ZIP of JSON files that is created while it is sent."""

import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic.alias_generators import to_camel

from playground.accounts.schemas import Profile
from playground.attachments.service import AttachmentNotFound, Attachments
from playground.comparison.history import History
from playground.comparison.planning import SessionNotFound
from playground.comparison.streamed_sessions import as_object
from playground.kit.wire import money

from .repository import TABLES, ExportRepository

_ROWS = 100
_AT_ONCE = 2
"""Number of compressing threads, for all exports together."""


def file_name() -> str:
    """Return the name under which browsers save today's export."""
    return f"playground-{datetime.now(UTC):%Y-%m-%d}.zip"


class Export:
    """Exports an account's data. Only a part of one file is in memory at a time."""

    def __init__(self, repository: ExportRepository, history: History, attachments: Attachments) -> None:
        self._repository = repository
        self._history = history
        self._attachments = attachments
        self._limiter = CapacityLimiter(_AT_ONCE)

    async def parts(self, profile: Profile) -> AsyncIterator[bytes]:
        """Yield the ZIP, piece by piece. Raises `Unavailable`: the ZIP is then truncated, and no program accepts it."""
        archive = _Archive()
        try:
            async for name, document in self._documents(profile):
                archive.begin(name)
                async for text in document:
                    # In a thread, because compressing a long answer takes a while.
                    if piece := await run_sync(archive.add, text, limiter=self._limiter):
                        yield piece
                archive.end()
            yield archive.close()
        finally:
            archive.abandon()

    async def _documents(self, profile: Profile) -> AsyncIterator[tuple[str, AsyncIterator[str] | AsyncIterator[bytes]]]:
        yield "profile.json", _single(profile.model_dump_json(by_alias=True, indent=2))
        for table in TABLES:
            yield f"{table}.json", self._table(table, profile.id)
        async for session_id in self._session_ids(profile.id):
            with suppress(SessionNotFound):  # Deleted meanwhile.
                yield f"sessions/{session_id}.json", as_object(await self._history.detail(profile.id, session_id))
        async for row in self._rows("attachments", profile.id):
            with suppress(AttachmentNotFound):
                file, content = await self._attachments.content(profile.id, row["id"])
                yield f"attachments/{file.id}-{file.name}", content

    async def _table(self, table: str, user_id: str) -> AsyncIterator[str]:
        before = "["
        async for row in self._rows(table, user_id):
            yield before + json.dumps(row, ensure_ascii=False, indent=2, default=_as_text)
            before = ",\n"
        yield "[]" if before == "[" else "]"

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
    """A ZIP whose bytes can be read while it grows."""

    def __init__(self) -> None:
        self._new = bytearray()
        # For an output that isn't seekable, `ZipFile` writes sizes after the files instead of before them.
        self._entry: IO[bytes] | None = None
        self._file = zipfile.ZipFile(self, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]

    def write(self, data: bytes) -> int:
        """Called by `ZipFile`."""
        self._new += data
        return len(data)

    def flush(self) -> None:
        """Called by `ZipFile`."""

    def begin(self, name: str) -> None:
        """Begin a file. The previous one must have been ended."""
        # It may grow beyond 4 GB.
        self._entry = self._file.open(name, "w", force_zip64=True)

    def add(self, part: str | bytes) -> bytes:
        """Add a part to the file, and return the new bytes of the archive."""
        assert self._entry is not None  # noqa: S101 - it was begun
        self._entry.write(part.encode() if isinstance(part, str) else part)
        return self._taken()

    def end(self) -> None:
        """End the file."""
        assert self._entry is not None  # noqa: S101 - it was begun
        self._entry.close()

    def close(self) -> bytes:
        """End the archive, and return its new bytes."""
        self._file.close()
        return self._taken()

    def abandon(self) -> None:
        """Close the archive early and discard it. An open `ZipFile` would log an error when it is garbage collected."""
        if self._entry is not None:
            self._entry.close()
        self._file.close()

    def _taken(self) -> bytes:
        new, self._new = bytes(self._new), bytearray()
        return new


async def _single(text: str) -> AsyncIterator[str]:
    yield text


def _as_text(value: object) -> str:
    return money(value) if isinstance(value, Decimal) else str(value)
