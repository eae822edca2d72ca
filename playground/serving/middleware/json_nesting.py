"""Measures the size and depth of a JSON document without parsing it, which a hostile document could make slow."""

import re

# A string, or an unterminated one. It matches at every quote and never backtracks, so it takes a single pass.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def nested_deeper(body: bytes, limit: int) -> bool:
    """Return whether the JSON in `body` is nested more than `limit` levels deep. Invalid JSON is left to the parser.

    An ordinary body has fewer brackets than that, and is done. For others, everything but the brackets outside strings is removed, and
    then the innermost pairs, level by level: each step is one call in C over the rest.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = _STRINGS.sub(b"", body).translate(_ALIKE, _ALL_BUT_BRACKETS)
    opening = b"[" * (limit + 1)
    for _ in range(limit):
        # A row of opening brackets is deep enough, closed or not, and would take long to shorten.
        if not brackets or opening in brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets or opening in brackets


def has_more_values(body: bytes, limit: int) -> bool:
    """Return whether the JSON in `body` has more than `limit` commas, brackets or pairs of quotes outside strings.

    Each value except the first of its array or object follows a comma, so this limits the number of values. It takes three calls in C
    for an ordinary body, and about 5 ms per megabyte for an unusual one.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") <= limit:
        return False
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if body.count(b'"') > 2 * limit:
        return True
    outside = b"".join(body.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{") > limit
