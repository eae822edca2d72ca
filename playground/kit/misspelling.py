"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to `name`, ignoring case, `_` and `-`; `None`: none is similar."""
    by_normalized = {_normalized(each): each for each in known}
    found = get_close_matches(_normalized(name[:_LONGEST]), by_normalized, n=1, cutoff=0.7)
    return by_normalized[found[0]] if found else None


def _normalized(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
