"""What a file is, by its bytes."""

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from .image_sizes import ImageSize, NotAnImageError, image_size, image_type

Kind = Literal["image", "pdf", "text"]

_PDF_HEADER_WITHIN = 1_024
"""Readers accept a PDF whose header is in its first kilobyte (PDF 1.7, implementation note 13)."""
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Characters that text doesn't contain. Escape (1b) is in logs of terminals."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32 comes before UTF-16: its little-endian mark begins with that of UTF-16."""


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file was found to be."""

    kind: Kind
    type: str
    """Such as `image/png`. Any text is `text/plain`, also HTML and SVG, which a browser would run."""
    size: ImageSize | None = None
    """Of an image."""


def sniff(content: bytes) -> Sniffed | None:
    """Return what a file is; `None`: nothing that can be attached."""
    kind = image_type(content)
    if kind is not None:
        try:
            return Sniffed("image", kind, image_size(content, kind))
        except NotAnImageError:
            return None
    if b"%PDF-" in content[:_PDF_HEADER_WITHIN]:
        return Sniffed("pdf", "application/pdf")
    return Sniffed("text", "text/plain") if content and text_of(content) is not None else None


def text_of(content: bytes) -> str | None:
    """Return the text of a file: UTF-8, UTF-16 or UTF-32 with a byte order mark, else Windows-1252. `None`: it is no text."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    for candidate in dict.fromkeys((encoding, "cp1252")):
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        return text if _CONTROLS.search(text) is None else None
    return None
