"""The shapes of files on the wire."""

from typing import Self

from pydantic import Field

from playground.kit.pages import Page
from playground.kit.wire import Moment, WireModel

from .repository import StoredFile
from .sniffing import Kind


class AttachedFile(WireModel):
    """A file that you uploaded."""

    id: str = Field(examples=["01k9w3zj2c6v8n4r5t7y9b1d3f"], description="Name it in `attachments` of a turn.")
    name: str = Field(examples=["diagram.png"], description="As your computer calls it, without folders.")
    kind: Kind = Field(examples=["image"], description="What the bytes are, whatever the name and the client say.")
    type: str = Field(examples=["image/png"], description="Text of any kind is `text/plain`.")
    size: int = Field(examples=[48213], description="In bytes.")
    width: int | None = Field(examples=[1024], description="Of an image, in pixels.")
    height: int | None = Field(examples=[768], description="Of an image, in pixels.")
    pages: int | None = Field(examples=[None], description="Of a PDF; null: unknown.")
    note: str | None = Field(examples=[None], description="Why the text of a PDF is missing or incomplete; otherwise null.")
    created_at: Moment = Field(examples=["2026-11-21T09:30:00.000Z"])

    @classmethod
    def of(cls, file: StoredFile) -> Self:
        """Return a file as it is shown."""
        return cls(
            id=file.id,
            name=file.name,
            kind=file.kind,
            type=file.type,
            size=file.bytes,
            width=file.size.width if file.size else None,
            height=file.size.height if file.size else None,
            pages=file.pages,
            note=file.note,
            created_at=file.created_at,
        )


class AttachedFilePage(Page[AttachedFile]):
    """A page of your files, the newest first."""
