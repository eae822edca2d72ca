"""The services of one application, found by their types.

Each room adds its services (`Services.add`). An endpoint declares what it needs as a parameter, such as `history: Provided[History]`.
`check` finds missing services before the application accepts its first request.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Scope

T = TypeVar("T")


class Services:
    """The services of one application's rooms: one object per type, also found by its base classes."""

    def __init__(self) -> None:
        self._by_type: dict[type, object] = {}

    def add(self, *services: object) -> None:
        """Add services. Raises `ValueError` for a second one of the same type."""
        for service in services:
            for kind in type(service).__mro__[:-1]:
                if kind in self._by_type:
                    raise ValueError(f"two services of the type {kind.__name__}")
                self._by_type[kind] = service

    def get(self, kind: type[T]) -> T:
        """Return the service of a type. Raises `LookupError` if no room added one."""
        try:
            return cast("T", self._by_type[kind])
        except KeyError:
            raise LookupError(f"no room opened a {kind.__name__}") from None

    def __contains__(self, kind: type) -> bool:
        return kind in self._by_type


def services_of(scope: Scope) -> Services:
    """Return the services of the application that received the request."""
    services: Services = scope["app"].state.services
    return services


class _Need:
    """A dependency that FastAPI resolves. Not a plain function, which would run in a thread and delay the first token."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    async def __call__(self, request: Request) -> object:
        return services_of(request.scope).get(self.kind)


if TYPE_CHECKING:
    Provided = Annotated[T, "provided"]
    """The annotation of an endpoint's parameter: the service of this type."""
else:

    class Provided:
        """The annotation of an endpoint's parameter: the service of this type."""

        def __class_getitem__(cls, kind: type) -> object:
            return Annotated[kind, Depends(_Need(kind))]


def check(app: FastAPI, services: Services) -> None:
    """Raise `LookupError` if an endpoint needs a service that no room added."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            for kind in _needs(context.original_route.dependant):
                if kind not in services:
                    raise LookupError(f"{context.path} needs a {kind.__name__}, which no room opened")


def _needs(dependant: Dependant) -> Iterator[type]:
    if isinstance(dependant.call, _Need):
        yield dependant.call.kind
    for inner in dependant.dependencies:
        yield from _needs(inner)
