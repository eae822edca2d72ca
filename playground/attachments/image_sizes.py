"""The width and height of an image, read from its header. Nothing is decoded."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

ImageType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]


class ImageSize(NamedTuple):
    """In pixels."""

    width: int
    height: int


class NotAnImageError(ValueError):
    """The file begins like an image of a type, and its header can't be one."""


def image_type(content: bytes) -> ImageType | None:
    """Return the type that the first bytes name; `None`: it is no image of a known type."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def image_size(content: bytes, kind: ImageType) -> ImageSize:
    """Return the size that the header names. Raises `NotAnImageError`."""
    try:
        size = _READERS[kind](content)
    except IndexError:
        raise NotAnImageError from None
    if size.width < 1 or size.height < 1:
        raise NotAnImageError
    return size


def _png(content: bytes) -> ImageSize:
    """The first chunk is `IHDR`, which begins with width and height (PNG, third edition, 11.2.1)."""
    if content[12:16] != b"IHDR" or len(content) < 33:
        raise NotAnImageError
    return ImageSize(int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))


def _gif(content: bytes) -> ImageSize:
    """The logical screen, after the signature (GIF89a, 18)."""
    if len(content) < 13:
        raise NotAnImageError
    return ImageSize(int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little"))


def _webp(content: bytes) -> ImageSize:
    """The first chunk says in which of three forms the size follows (RFC 9649, 2.5 to 2.7)."""
    if len(content) < 30:
        raise NotAnImageError
    match content[12:16]:
        case b"VP8X":
            return ImageSize(int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1)
        case b"VP8L" if content[20] == 0x2F:
            bits = int.from_bytes(content[21:25], "little")
            return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            return ImageSize(int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF)
        case _:
            raise NotAnImageError


_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The markers SOF0 to SOF15; the other three in between are tables (ITU-T T.81, table B.1)."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _END = 0xDA, 0xD9


def _jpeg(content: bytes) -> ImageSize:
    """Segments follow one another until the frame header, which has the size (ITU-T T.81, B.2.2)."""
    place = 2
    while True:
        if content[place] != 0xFF:
            raise NotAnImageError
        while content[place] == 0xFF:  # A marker may have any number of fill bytes before it.
            place += 1
        marker = content[place]
        place += 1
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in _FRAMES:
            if place + 7 > len(content):
                raise NotAnImageError
            return ImageSize(int.from_bytes(content[place + 5 : place + 7]), int.from_bytes(content[place + 3 : place + 5]))
        length = int.from_bytes(content[place : place + 2])
        if marker in {_START_OF_SCAN, _END} or length < 2:
            raise NotAnImageError
        place += length


_READERS: Mapping[ImageType, Callable[[bytes], ImageSize]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/gif": _gif,
}
