"""Headers of an answer that are known before it is: whoever makes it in the end, a failure of the service too, it carries them."""

from collections.abc import Iterator, Mapping

from starlette.types import Scope

_ANSWER_HEADERS = "playground.answer_headers"


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Let every answer to this request carry `headers`. A name that comes again replaces what it had before."""
    scope.setdefault(_ANSWER_HEADERS, {}).update(headers)


def added_headers(scope: Scope) -> Iterator[tuple[bytes, bytes]]:
    """All of them, for the outermost middleware."""
    added: dict[str, str] = scope.get(_ANSWER_HEADERS, {})
    return ((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in added.items())
