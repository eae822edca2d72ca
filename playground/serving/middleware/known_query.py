"""Refuses unknown query parameters: a misspelt filter would otherwise select everything."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from re import Pattern

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.kit.errors import BadInput, FieldError
from playground.kit.misspelling import nearest
from playground.kit.problems import respond
from playground.page.routes import wants_html

_MOST_NAMED = 20
_LONGEST_NAME = 100
_CREDENTIALS = frozenset({b"authorization", b"x-api-key"})


@dataclass(frozen=True, slots=True)
class _Operation:
    path: Pattern[str]
    methods: frozenset[str]
    names: frozenset[str]
    is_public: bool = True
    """Whether it needs no login."""


class QueryNames:
    """The query parameters of every operation, by its method and path."""

    def __init__(self, routers: Iterable[APIRouter], others: Mapping[str, Iterable[str]]) -> None:
        """`others`: the parameters of GET addresses that are in no router."""
        self._operations = tuple(_operations(routers))
        self._others = {path: frozenset(names) for path, names in others.items()}

    def known(self, method: str, path: str, *, with_credentials: bool, with_token: bool) -> frozenset[str] | None:
        """Return the parameters of an operation; `None`: it doesn't exist, or it refuses requests without credentials."""
        if path in self._others:
            return self._others[path]
        found = next((each for each in self._operations if method in each.methods and each.path.match(path)), None)
        if found is None:
            return None
        return found.names if found.is_public or with_credentials or (with_token and "token" in found.names) else None


def _operations(routers: Iterable[APIRouter]) -> Iterator[_Operation]:
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise TypeError(f"{route} is a route of another kind than those whose query parameters are known")
            yield _Operation(
                route.path_regex, frozenset(route.methods or ()), frozenset(_names(route.dependant)), not _asks_who(route.dependant)
            )


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for each in dependant.dependencies:
        yield from _names(each)


def _asks_who(dependant: Dependant) -> bool:
    return isinstance(dependant.call, SecurityBase) or any(map(_asks_who, dependant.dependencies))


class KnownQuery:
    """Wraps the application. Requests without a query cost nothing."""

    def __init__(self, app: ASGIApp, *, names: QueryNames) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        problem = self._problem(scope) if scope["type"] == "http" and scope["query_string"] else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await respond(problem)(scope, receive, send)

    def _problem(self, scope: Scope) -> BadInput | None:
        if scope["path"] == "/" and wants_html(scope):
            return None  # The page reads its own parameters.
        given = QueryParams(scope["query_string"])
        with_credentials = any(name in _CREDENTIALS for name, _ in scope["headers"])
        known = self._names.known(scope["method"], scope["path"], with_credentials=with_credentials, with_token="token" in given)
        if known is None:
            return None
        unknown = sorted(set(given) - known)
        if not unknown:
            return None
        errors = [FieldError(name[:_LONGEST_NAME], _sentence(name, known)) for name in unknown[:_MOST_NAMED]]
        detail, more = "; ".join(f"{error.field}: {error.message}" for error in errors), len(unknown) - len(errors)
        return BadInput(f"{detail}; and {more:,} more" if more else detail, errors=errors)


def _sentence(name: str, known: frozenset[str]) -> str:
    like = nearest(name, known)
    if like is not None:
        return f'is not a query parameter of this address; did you mean "{like}"?'
    return f"is not a query parameter of this address, which accepts {', '.join(sorted(known)) or 'none'}"
