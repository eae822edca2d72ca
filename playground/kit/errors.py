"""Errors that are reported to a person or a program.

    Exception
    ├── StartupError          the service can't start: settings, data folder, database
    └── Problem               an HTTP response with 4xx or 5xx (RFC 9457)
        ├── BadInput          422, names the fields
        ├── NotAuthenticated  401
        ├── Forbidden         403
        ├── NotFound          404
        ├── Conflict          409
        └── Unavailable       503, with Retry-After

Each room derives its own errors from these, in the module that raises them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self


class StartupError(Exception):
    """The service can't start. The message tells the operator what is wrong, where, and what to do."""


class FieldError(NamedTuple):
    """The error of one field of a request. `field` is its path on the wire, such as `lanes.1.temperature`."""

    field: str
    message: str


class Problem(Exception):
    """An error response: `application/problem+json`."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code: ClassVar[str] = "internal_error"
    """A stable code for programs, the last part of the problem's `type`."""

    example: ClassVar[Mapping[str, Any]] = {}
    """Members of the example in the documentation, if the docstring is not enough."""

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the members of the problem (RFC 9457)."""
        body: dict[str, Any] = {
            "type": f"urn:playground:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error._asdict() for error in self.errors]
        return body


class BadInput(Problem):
    """The request is not valid. `errors` names the fields."""

    status = 422
    title = "The request is not valid"
    code = "bad_input"
    example: ClassVar[Mapping[str, Any]] = {
        "detail": "lanes.1.temperature: Input should be less than or equal to 2",
        "errors": [{"field": "lanes.1.temperature", "message": "Input should be less than or equal to 2"}],
    }

    @classmethod
    def at(cls, field: str, message: str) -> Self:
        """Return the problem for one field, named by its path on the wire: `BadInput.at("lane", "should be 0 or more")`."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)])


class NotAuthenticated(Problem):
    """The request has no token or key, or it is not valid."""

    status = 401
    title = "Not logged in"
    code = "not_authenticated"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The user is not allowed to do this."""

    status = 403
    title = "Not allowed"
    code = "forbidden"


class NotFound(Problem):
    """The object doesn't exist or belongs to another user."""

    status = 404
    title = "Not found"
    code = "not_found"


class Conflict(Problem):
    """The request conflicts with the current state."""

    status = 409
    title = "Conflict"
    code = "conflict"


class Unavailable(Problem):
    """Something that the service depends on is temporarily unavailable."""

    status = 503
    title = "Temporarily unavailable"
    code = "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
