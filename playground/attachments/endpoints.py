"""`/attachments`: files for prompts."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, UploadFile, status
from fastapi.responses import StreamingResponse

from playground.accounts.authorization import ScopeMissing, SessionReader, SessionWriter, Streamer
from playground.database.shares import TooSlow
from playground.kit.closing_stream import ClosingStream
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.wire import IdCursor, IdPath

from .schemas import AttachedFile, AttachedFilePage
from .service import AttachmentNotFound, Attachments, StorageFull

router = APIRouter(prefix="/attachments", tags=["attachments"])


_SERVED_AS = {"application/pdf": "application/octet-stream", "text/plain": "text/plain; charset=utf-8"}
"""Types that a browser runs nothing of: in a PDF it would run scripts."""
_SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}
_CONTENT: dict[str, Any] = {
    "description": "The file as it was uploaded.",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/octet-stream", "image/png", "text/plain")
    },
}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, StorageFull, Unavailable),
)
async def upload(attachments: Provided[Attachments], user: Streamer, file: UploadFile) -> AttachedFile:
    """Upload one file of at most 10 MB: a PNG, JPEG, WebP or GIF image, a PDF, or text of any kind.

    What it is comes from its bytes. A file that you uploaded before under the same name is returned again.
    """
    return await attachments.store(user, file.filename, await file.read())


@router.get("", responses=documented(BadInput, NotAuthenticated, ScopeMissing, TooSlow, Unavailable))
async def list_attachments(
    attachments: Provided[Attachments],
    user: SessionReader,
    cursor: Annotated[IdCursor | None, Query(description="The `nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="The most files per page.")] = 30,
) -> AttachedFilePage:
    """List your files, the newest first."""
    return await attachments.page(user.id, cursor, limit)


@router.get("/{attachment_id}", responses=documented(BadInput, NotAuthenticated, ScopeMissing, AttachmentNotFound, Unavailable))
async def get_attachment(attachments: Provided[Attachments], user: SessionReader, attachment_id: IdPath) -> AttachedFile:
    """Return what is known of a file."""
    return await attachments.get(user.id, attachment_id)


@router.get(
    "/{attachment_id}/content",
    response_class=StreamingResponse,
    responses={**documented(BadInput, NotAuthenticated, ScopeMissing, AttachmentNotFound, Unavailable), 200: _CONTENT},
)
async def get_content(attachments: Provided[Attachments], user: SessionReader, attachment_id: IdPath) -> ClosingStream:
    """Download a file. It is never shown in the browser: a PDF is sent as `application/octet-stream`, and any text as `text/plain`."""
    file, parts = await attachments.content(user.id, attachment_id)
    headers = {
        **_SANDBOX,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.bytes),
    }
    return ClosingStream(parts, media_type=_SERVED_AS.get(file.type, file.type), headers=headers)


@router.delete(
    "/{attachment_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, AttachmentNotFound, Unavailable),
)
async def delete_attachment(attachments: Provided[Attachments], user: SessionWriter, attachment_id: IdPath) -> None:
    """Delete a file. What models were sent of it stays with them."""
    await attachments.delete(user.id, attachment_id)
