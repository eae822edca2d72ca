"""Headers that are set before the response exists. Every response has them, even if the service fails."""

from collections.abc import Iterator, Mapping

from starlette.types import Scope

_ANSWER_HEADERS = "playground.answer_headers"


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Add `headers` to the response to this request. A repeated name replaces its previous value."""
    scope.setdefault(_ANSWER_HEADERS, {}).update(headers)


def added_headers(scope: Scope) -> Iterator[tuple[bytes, bytes]]:
    """Return all added headers, for the outermost middleware."""
    added: dict[str, str] = scope.get(_ANSWER_HEADERS, {})
    return ((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in added.items())
