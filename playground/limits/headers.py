"""What every answer tells of the limits that its request came under: the headers `RateLimit-Policy` and `RateLimit`.

Source: draft-ietf-httpapi-ratelimit-headers-10, "RateLimit header fields for HTTP". Both are lists of structured fields, an item a
limit: its name, and as parameters the quota `q` in a window of `w` seconds; what remains `r`, and `t` seconds until there is more.
"""

from dataclasses import dataclass
from math import ceil

from starlette.types import Scope

from playground.serving.middleware.response_headers import add_headers

from .windows import Rate, Window

_TOLD = "playground.limits_told"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one limit stands."""

    name: str
    most: int
    seconds: int
    """The length of the window."""
    left: int
    resets_in: float
    """Seconds."""

    @classmethod
    def of(cls, rate: Rate, window: Window) -> "Standing":
        """That of a rate."""
        return cls(rate.name, rate.amount, rate.seconds, max(0, rate.amount - window.used), window.resets_in)


def tell(scope: Scope, *standings: Standing) -> None:
    """Let the answer to this request tell how these limits stand, beside those that it tells of already."""
    told: dict[str, Standing] = scope.setdefault(_TOLD, {})
    told.update((standing.name, standing) for standing in standings)
    policies = ", ".join(f'"{each.name}";q={each.most};w={each.seconds}' for each in told.values())
    states = ", ".join(f'"{each.name}";r={each.left};t={ceil(max(0, each.resets_in))}' for each in told.values())
    add_headers(scope, {"RateLimit-Policy": policies, "RateLimit": states})
