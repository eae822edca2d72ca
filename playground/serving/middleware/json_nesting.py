"""How large and how deep a JSON document is, without parsing it: parsing is what a hostile document makes slow."""

import re

# A string, or what begins as one and never ends. It matches at every quote and never goes back, so its time is that of one pass.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def nested_deeper(body: bytes, limit: int) -> bool:
    """Whether the JSON in `body` has arrays and objects within each other more than `limit` deep. What is no JSON is the parser's.

    A body with no more brackets than that can't be, which is where ordinary ones end. In others all is cut but the brackets outside of
    strings, and then the innermost pairs, level by level: each step is one call in C over what is left.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = _STRINGS.sub(b"", body).translate(_ALIKE, _ALL_BUT_BRACKETS)
    opening = b"[" * (limit + 1)
    for _ in range(limit):
        # A row of opening ones is deep enough, closed or not; and it would not get shorter soon.
        if not brackets or opening in brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets or opening in brackets


def has_more_values(body: bytes, limit: int) -> bool:
    """Whether the JSON in `body` has more than `limit` commas, brackets or pairs of quotes outside of its strings.

    Each value but the first of its array or object comes behind a comma, so this bounds how many there are. Three calls in C for an
    ordinary body, about 5 ms a megabyte for a strange one.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") <= limit:
        return False
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if body.count(b'"') > 2 * limit:
        return True
    outside = b"".join(body.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{") > limit
