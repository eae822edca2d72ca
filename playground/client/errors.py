"""Errors that the client raises.

ClientError
├── ApiError         the service refused the request (RFC 9457)
└── ConnectionLost   there is no connection, or it was lost for good
"""

from typing import Any

import httpx


class ClientError(Exception):
    """The request could not be made."""


class ConnectionLost(ClientError):
    """The service can't be reached, or a stream was lost and could not be resumed."""


class ApiError(ClientError):
    """The service refused the request."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"The service responded with {status}."))
        self.status = status
        self.code = str(problem.get("type", "")).removeprefix("urn:playground:problem:")
        """Stable, for programs, such as `quota_exceeded`."""
        self.problem = problem
        """The whole problem; `errors` names the fields of bad input."""

    @classmethod
    def of(cls, response: httpx.Response) -> "ApiError":
        """Return the error of a response whose content was read."""
        try:
            body = response.json()
        except ValueError:
            body = None
        return cls(response.status_code, body if isinstance(body, dict) else {})
