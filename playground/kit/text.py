"""Cleaning of incoming text, so that it can be stored."""

import re
from typing import Annotated

from pydantic import BeforeValidator

# PostgreSQL's text can't contain U+0000, and a lone surrogate is not a Unicode scalar value, so UTF-8 can't encode it.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` with U+0000 and every lone surrogate replaced by U+FFFD, and otherwise unchanged.

    A surrogate pair that arrived as two code units is joined to its character.
    """
    # A string knows whether it is ASCII, and searching for one character is a hundred times faster than for a class.
    if text.isascii() and "\0" not in text:
        return text
    if _UNSTORABLE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\x00", "\ufffd")


def not_blank(text: str) -> str:
    """Return `text`, for a validator of a field. Raises `ValueError` when there is nothing but white space in it."""
    if not text.strip():
        raise ValueError("should not be empty")
    return text


def _clean_if_text(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


CleanText = Annotated[str, BeforeValidator(_clean_if_text)]
"""A `str` field whose value is cleaned before it is validated."""
