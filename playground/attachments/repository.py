"""Every database query about files."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playground.database import sqlstate
from playground.database.client import LIST_SECONDS, Database
from playground.database.generated import Prisma
from playground.database.generated.errors import ForeignKeyViolationError, RawQueryError
from playground.database.transactions import in_transaction
from playground.kit.errors import NotAuthenticated

from .image_sizes import ImageSize
from .sniffing import Kind

CHUNK_BYTES = 512 * 1024
_ATTEMPTS = 3

_DESCRIBED = """
SELECT a.id, a.name, a.created_at, c.hash, c.kind, c.type, c.size, c.width, c.height, c.pages, c.note
FROM attachments a JOIN file_contents c USING (hash)
"""
_ONE = f"{_DESCRIBED} WHERE a.user_id = $1 AND a.id = $2"
_SOME = f"{_DESCRIBED} WHERE a.user_id = $1 AND a.id = ANY($2::text[])"
_PAGE = f"{_DESCRIBED} WHERE a.user_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3::int"
_SAME = f"{_DESCRIBED} WHERE a.user_id = $1 AND a.hash = $2 AND a.name = $3"
USED = """
SELECT coalesce(sum(size), 0)::bigint::text AS used, (SELECT count(*) FROM attachments WHERE user_id = $1)::int AS files
FROM file_contents WHERE hash IN (SELECT hash FROM attachments WHERE user_id = $1)
"""
_KEEP_CONTENT = """
INSERT INTO file_contents (hash, kind, type, size, width, height, pages, text, note)
VALUES ($1, $2, $3, $4::int, $5::int, $6::int, $7::int, $8, $9) ON CONFLICT (hash) DO NOTHING RETURNING hash
"""
_KEEP_CHUNK = "INSERT INTO file_chunks (hash, position, data) VALUES ($1, $2::int, decode($3, 'base64')) RETURNING position"
_KEEP_FILE = "INSERT INTO attachments (id, user_id, hash, name) VALUES ($1, $2, $3, $4) RETURNING id"
_CHUNK = "SELECT encode(data, 'base64') AS data FROM file_chunks WHERE hash = $1 AND position = $2::int"
_NARROW = "Ask for fewer at once."
_AFTER_ALL_IDS = "~"


class StorageExceeded(Exception):
    """The file does not fit into what the user may store."""

    def __init__(self, used: int, files: int) -> None:
        super().__init__()
        self.used = used
        """Bytes that the user has stored."""
        self.files = files


@dataclass(frozen=True, slots=True)
class NewContent:
    """A content and what was found out about it."""

    hash: str
    kind: Kind
    type: str
    content: bytes
    size: ImageSize | None
    pages: int | None
    text: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a user, without its content."""

    id: str
    name: str
    created_at: datetime
    hash: str
    kind: Kind
    type: str
    bytes: int
    size: ImageSize | None
    pages: int | None
    note: str | None


class AttachmentRepository:
    """Files in the database. Everything raises `DatabaseAway`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, content_hash: str) -> bool:
        """Return whether anyone uploaded this content before, so that what was found out about it is known."""
        found = await self._database.run(lambda prisma: prisma.file_contents.count(where={"hash": content_hash}))
        return found > 0

    async def store(self, file_id: str, user_id: str, name: str, new: NewContent, *, most_bytes: int | None, most_files: int) -> StoredFile:
        """Keep a file of a user, or return the same one that is there: with this name and content.

        A content that the user has under another name is counted once. Raises `StorageExceeded`, exactly also when several come at once,
        and `NotAuthenticated` when the account is gone.
        """

        async def write(transaction: Prisma) -> None:
            # One at a time stores a file of this user, so that the sum is right.
            if not await transaction.query_raw("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id):
                raise NotAuthenticated("The account no longer exists.")
            if await transaction.attachments.count(where={"user_id": user_id, "hash": new.hash, "name": name}):
                return
            [usage] = await transaction.query_raw(USED, user_id)
            used, files = int(usage["used"]), int(usage["files"])
            known = await transaction.attachments.count(where={"user_id": user_id, "hash": new.hash})
            adds = 0 if known else len(new.content)
            if files >= most_files or (most_bytes is not None and adds and used + adds > most_bytes):
                raise StorageExceeded(used, files)
            await _keep_content(transaction, new)
            await transaction.query_raw(_KEEP_FILE, file_id, user_id, new.hash, name)

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await in_transaction(self._database, write)
                break
            except (RawQueryError, ForeignKeyViolationError) as error:
                # The content's last other attachment was deleted at this moment, and the content with it.
                if attempt == _ATTEMPTS or not _is_content_gone(error):
                    raise
        rows = await self._database.run(lambda prisma: prisma.query_raw(_SAME, user_id, new.hash, name))
        if not rows:
            raise NotAuthenticated("The file was deleted as soon as it was stored.")
        return _file(rows[0])

    async def get(self, user_id: str, file_id: str) -> StoredFile | None:
        """Return a file of the user; `None`: there is none, or it is another user's."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_ONE, user_id, file_id))
        return _file(rows[0]) if rows else None

    async def some(self, user_id: str, file_ids: Sequence[str]) -> Mapping[str, StoredFile]:
        """Return those of the files that are the user's, by id."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_SOME, user_id, list(file_ids)))
        return {row["id"]: _file(row) for row in rows}

    async def page(self, user_id: str, cursor: str | None, limit: int) -> list[StoredFile]:
        """Return files of the user, the newest first, that are older than the one with the id `cursor`."""
        after = cursor or _AFTER_ALL_IDS
        rows = await self._database.read(user_id, _PAGE, user_id, after, limit, seconds=LIST_SECONDS, narrow=_NARROW)
        return [_file(row) for row in rows]

    async def text_of(self, content_hash: str) -> str | None:
        """Return the text that was read from a PDF."""
        row = await self._database.run(lambda prisma: prisma.file_contents.find_unique(where={"hash": content_hash}))
        return row.text if row is not None else None

    async def chunks(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Yield the content piece by piece. Ends early when it is deleted meanwhile."""
        for position in range(-(-file.bytes // CHUNK_BYTES)):
            rows = await self._chunk(file.hash, position)
            if not rows:
                return
            yield base64.b64decode(rows[0]["data"])

    async def _chunk(self, content_hash: str, position: int) -> list[dict[str, Any]]:
        return await self._database.run(lambda prisma: prisma.query_raw(_CHUNK, content_hash, position))

    async def delete(self, user_id: str, file_id: str) -> bool:
        """Delete a file of the user, and its content if no other file has it; whether there was one."""
        deleted = await self._database.run(lambda prisma: prisma.attachments.delete_many(where={"id": file_id, "user_id": user_id}))
        return deleted > 0


async def _keep_content(transaction: Prisma, new: NewContent) -> None:
    width, height = new.size or (None, None)
    written = await transaction.query_raw(
        _KEEP_CONTENT, new.hash, new.kind, new.type, len(new.content), width, height, new.pages, new.text, new.note
    )
    if not written:  # It is there, and complete: it was written in one transaction.
        return
    for position, start in enumerate(range(0, len(new.content), CHUNK_BYTES)):
        piece = base64.b64encode(new.content[start : start + CHUNK_BYTES]).decode()
        await transaction.query_raw(_KEEP_CHUNK, new.hash, position, piece)


def _is_content_gone(error: Exception) -> bool:
    return not isinstance(error, RawQueryError) or error.meta["code"] == sqlstate.FOREIGN_KEY_VIOLATION


def _file(row: Mapping[str, Any]) -> StoredFile:
    created = row["created_at"]
    return StoredFile(
        id=row["id"],
        name=row["name"],
        created_at=created if isinstance(created, datetime) else datetime.fromisoformat(created),
        hash=row["hash"],
        kind=row["kind"],
        type=row["type"],
        bytes=row["size"],
        size=ImageSize(row["width"], row["height"]) if row["width"] is not None else None,
        pages=row["pages"],
        note=row["note"],
    )
