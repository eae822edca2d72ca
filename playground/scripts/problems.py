"""Errors between a script and the service. Each message is a sentence for the person at the terminal.

Exception
└── ServiceError        anything below
    ├── Problem         the service responded with 4xx or 5xx
    ├── Unreachable     nothing listens at the address
    ├── ConnectionLost  the connection was lost during a response
    ├── Silent          no response within the time limit
    └── BadWire         an unexpected response; perhaps another program listens there
"""

from typing import Any

import httpx


class ServiceError(Exception):
    """The base of all errors. The message is for people; `code` is stable, without spaces, for counting."""

    code = "service_error"


class Unreachable(ServiceError):
    """No connection could be made."""

    code = "unreachable"


class ConnectionLost(ServiceError):
    """The connection was lost."""

    code = "connection_lost"


class Silent(ServiceError):
    """The service didn't respond in time."""

    code = "client_timeout"


class BadWire(ServiceError):
    """The response doesn't match the API."""

    code = "bad_wire"


class Problem(ServiceError):
    """An error response. `code` is the last part of the problem's `type` (RFC 9457), or such as `http_502` without one."""

    def __init__(self, status: int, code: str, message: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.wait_seconds = wait_seconds
        """Seconds until a retry; `None` if the service didn't say."""

    @classmethod
    def of(cls, response: httpx.Response, *, wait_seconds: float | None = None) -> "Problem":
        """Return the problem in `response`, which must have been read."""
        status = response.status_code
        body = _object(response)
        detail, title = body.get("detail"), body.get("title")
        if not isinstance(title, str) and not isinstance(detail, str):
            text = f"The service responded with {status} {response.reason_phrase}.".replace(" .", ".")
            return cls(status, f"http_{status}", text, wait_seconds=wait_seconds)
        message = ": ".join(part for part in (title, detail) if isinstance(part, str) and part)
        kind = body.get("type")
        named = isinstance(kind, str) and kind not in ("", "about:blank")
        code = str(kind).rpartition(":")[2].rpartition("/")[2] if named else f"http_{status}"
        return cls(status, code, _with_fields(message, _list(body.get("errors"))), wait_seconds=wait_seconds)


def _with_fields(message: str, errors: list[Any]) -> str:
    """Add the fields' names to their errors in `message`: most details already contain the errors, but not all names."""
    fields: dict[str, list[str]] = {}
    for error in errors:
        if isinstance(error, dict):
            fields.setdefault(str(error.get("message")), []).append(str(error.get("field")))
    for wrong, names in fields.items():
        if all(f"{name}: {wrong}" in message for name in names):
            continue
        named = f"{', '.join(names)}: {wrong}"
        message = message.replace(wrong, named, 1) if wrong in message else f"{message}\n  {named}"
    return message


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
