"""The headers `RateLimit-Policy` and `RateLimit`, which report the limits that apply to a request.

Source: draft-ietf-httpapi-ratelimit-headers-10, "RateLimit header fields for HTTP". Both are lists of structured fields with one
item per limit: its name, and as parameters the quota `q` per window of `w` seconds, or the remaining `r` and the seconds `t` until
there is more.
"""

from dataclasses import dataclass
from math import ceil

from starlette.types import Scope

from playground.serving.middleware.response_headers import add_headers

from .windows import Rate, Window

_REPORTED = "playground.limits_reported"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one limit."""

    name: str
    most: int
    seconds: int
    """The length of the window in seconds."""
    left: int
    resets_in: float
    """Seconds."""

    @classmethod
    def of(cls, rate: Rate, window: Window) -> "Standing":
        """Return the state of a rate limit."""
        return cls(rate.name, rate.amount, rate.seconds, max(0, rate.amount - window.used), window.resets_in)


def report_limits(scope: Scope, *standings: Standing) -> None:
    """Report the state of these limits in the headers of the response, beside those already reported."""
    reported: dict[str, Standing] = scope.setdefault(_REPORTED, {})
    reported.update((standing.name, standing) for standing in standings)
    policies = ", ".join(f'"{each.name}";q={each.most};w={each.seconds}' for each in reported.values())
    states = ", ".join(f'"{each.name}";r={each.left};t={ceil(max(0, each.resets_in))}' for each in reported.values())
    add_headers(scope, {"RateLimit-Policy": policies, "RateLimit": states})
