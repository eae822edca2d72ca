"""What can go wrong between a script and the service, each a sentence for the person at the terminal.

Exception
└── ServiceError        anything below
    ├── Problem         the service answered with 4xx or 5xx
    ├── Unreachable     nobody answers at the address
    ├── ConnectionLost  the connection broke in the middle of an answer
    ├── Silent          nothing came for longer than we wait
    └── BadWire         the answer is not what the API promises; perhaps something else listens there
"""

from typing import Any

import httpx


class ServiceError(Exception):
    """The message is for people. `code` is for counting: stable and without spaces."""

    code = "service_error"


class Unreachable(ServiceError):
    """No connection came about."""

    code = "unreachable"


class ConnectionLost(ServiceError):
    """The connection broke after it had been made."""

    code = "connection_lost"


class Silent(ServiceError):
    """We gave up waiting."""

    code = "client_timeout"


class BadWire(ServiceError):
    """Something answered, but not as the API does."""

    code = "bad_wire"


class Problem(ServiceError):
    """An error answer. `code` is the last part of the problem's `type` (RFC 9457), or `http_502` where there is none."""

    def __init__(self, status: int, code: str, message: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.wait_seconds = wait_seconds
        """After which the service would be asked again; `None` when it did not say."""

    @classmethod
    def of(cls, response: httpx.Response, *, wait_seconds: float | None = None) -> "Problem":
        """The problem that `response`, already read, tells of."""
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
    """`message` with each field's error told once, after the field's name: most details hold the errors already, not all the names."""
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
