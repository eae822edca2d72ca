"""Storing, showing, loading and deleting files."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence

from anyio import to_thread

from playground.accounts.identity import User
from playground.kit.errors import BadInput, Conflict, FieldError, NotFound
from playground.kit.ids import new_id
from playground.kit.text import clean
from playground.limits.policy import Policy

from .parts import Asked, LoadedFile, Parts, parts_for
from .pdf_text import PdfReader, PdfText
from .repository import AttachmentRepository, NewContent, StorageExceeded, StoredFile
from .schemas import AttachedFile, AttachedFilePage
from .sniffing import Sniffed, sniff, text_of

MOST_BYTES = 10 * 1024 * 1024
"""Of one file."""
MOST_IN_A_TURN = 10
_MOST_FILES = 10_000
"""Of one user, however small they are."""
_LONGEST_NAME = 200
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows, which make a name look like another."""


class AttachmentNotFound(NotFound):
    """There is no such file, or it belongs to another user."""

    code = "attachment_not_found"
    title = "No such file"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__("You have no file with this id." if len(fields) < 2 else "You have no files with these ids.", errors=fields)


class StorageFull(Conflict):
    """The user's files take as much as the limit allows."""

    code = "storage_full"
    title = "Your storage is full"


class Attachments:
    """Files of users."""

    def __init__(self, repository: AttachmentRepository, policy: Policy, pdf_reader: PdfReader) -> None:
        self._repository = repository
        self._policy = policy
        self._pdf_reader = pdf_reader

    async def store(self, user: User, name: str | None, content: bytes) -> AttachedFile:
        """Keep a file. The same content under the same name is the same file.

        Raises `BadInput` for a file that is too large or nothing that can be attached, `StorageFull`, `Unavailable`.
        """
        if len(content) > MOST_BYTES:
            raise BadInput.at("file", f"is larger than {MOST_BYTES:,} bytes, the maximum")
        sniffed = await to_thread.run_sync(sniff, content)
        if sniffed is None:
            raise BadInput.at("file", "is empty" if not content else "is neither an image (PNG, JPEG, WebP or GIF), a PDF nor text")
        new = await self._examined(content, sniffed)
        most = self._policy.of(user).storage
        try:
            file = await self._repository.store(new_id(), user.id, _shown_name(name, sniffed), new, most_bytes=most, most_files=_MOST_FILES)
        except StorageExceeded as error:
            limit = f"{_megabytes(most)} MB" if most is not None else f"{_MOST_FILES:,} files"
            raise StorageFull(
                f"Your {error.files:,} files take {_megabytes(error.used)} MB, and this one {_megabytes(len(content))} MB; "
                f"the maximum is {limit}. Delete files that you no longer need."
            ) from None
        return AttachedFile.of(file)

    async def get(self, user_id: str, file_id: str) -> AttachedFile:
        """Return a file of the user. Raises `AttachmentNotFound`, `Unavailable`."""
        return AttachedFile.of(await self._file(user_id, file_id))

    async def content(self, user_id: str, file_id: str) -> tuple[StoredFile, AsyncIterator[bytes]]:
        """Return a file of the user, and its content piece by piece. Raises `AttachmentNotFound`, `Unavailable`."""
        file = await self._file(user_id, file_id)
        return file, self._repository.chunks(file)

    async def page(self, user_id: str, cursor: str | None, limit: int) -> AttachedFilePage:
        """Return files of the user, the newest first. Raises `Unavailable`."""
        rows = await self._repository.page(user_id, cursor, limit + 1)
        return AttachedFilePage.of(rows, limit, item=AttachedFile.of, cursor=lambda file: file.id)

    async def delete(self, user_id: str, file_id: str) -> None:
        """Delete a file of the user. Raises `AttachmentNotFound`, `Unavailable`."""
        if not await self._repository.delete(user_id, file_id):
            raise AttachmentNotFound

    async def load(self, user_id: str, file_ids: Sequence[str], *, field: str = "attachments") -> list[LoadedFile]:
        """Return files of the user with their content, in the order of `file_ids`, for `parts` and `check_lanes`.

        `field` is the path of the ids in the request. Raises `BadInput` for too many or repeated ones, `AttachmentNotFound`, which names
        every id that is not the user's, and `Unavailable`.
        """
        if len(file_ids) > MOST_IN_A_TURN:
            raise BadInput.at(field, f"should have at most {MOST_IN_A_TURN} files")
        if len(set(file_ids)) < len(file_ids):
            raise BadInput.at(field, "should name each file once")
        if not file_ids:
            return []
        found = await self._repository.some(user_id, file_ids)
        missing = [FieldError(f"{field}.{place}", "is no file of yours") for place, each in enumerate(file_ids) if each not in found]
        if missing:
            raise AttachmentNotFound(*missing)
        return [await self._loaded(found[each]) for each in file_ids]

    async def parts(self, files: Sequence[LoadedFile], asked: Asked) -> Parts:
        """Return what is sent of files to a model, with the estimated tokens; what it can't take is in `skipped`, with the reason."""
        return await to_thread.run_sync(parts_for, files, asked)

    async def _file(self, user_id: str, file_id: str) -> StoredFile:
        file = await self._repository.get(user_id, file_id)
        if file is None:
            raise AttachmentNotFound
        return file

    async def _loaded(self, file: StoredFile) -> LoadedFile:
        content = b"".join([chunk async for chunk in self._repository.chunks(file)])
        if len(content) != file.bytes:  # It was deleted meanwhile.
            raise AttachmentNotFound
        text = await self._repository.text_of(file.hash) if file.kind == "pdf" else None
        if file.kind == "text":
            text = await to_thread.run_sync(_clean_text, content)
        return LoadedFile(file.id, file.name, file.kind, file.type, content, file.size, file.pages, text, file.note)

    async def _examined(self, content: bytes, sniffed: Sniffed) -> NewContent:
        content_hash = await to_thread.run_sync(lambda: hashlib.sha256(content).hexdigest())
        pdf = PdfText()
        if sniffed.kind == "pdf" and not await self._repository.knows(content_hash):
            pdf = await self._pdf_reader.read(content)
        return NewContent(content_hash, sniffed.kind, sniffed.type, content, sniffed.size, pdf.pages, pdf.text, pdf.note)


def _clean_text(content: bytes) -> str:
    return clean(text_of(content) or "")


_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "text/plain": "txt",
}


def _shown_name(name: str | None, sniffed: Sniffed) -> str:
    """The last part of the name that came, without what could hide what it is; at most 200 characters, with its end."""
    last = _NO_NAME.sub("", clean(name or "")).replace("\\", "/").rpartition("/")[2].strip()
    if last in {"", ".", ".."}:
        return f"file.{_EXTENSIONS[sniffed.type]}"
    if len(last) <= _LONGEST_NAME:
        return last
    stem, dot, extension = last.rpartition(".")
    return f"{stem[: _LONGEST_NAME - 21]}….{extension}" if dot and stem and len(extension) < 20 else last[:_LONGEST_NAME]


def _megabytes(count: int) -> str:
    return f"{count / 1_048_576:.1f}".removesuffix(".0")
