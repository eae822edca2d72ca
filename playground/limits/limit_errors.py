"""The error for a reached limit."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any, ClassVar

from playground.kit.errors import Problem
from playground.kit.wire import iso_utc, money


class LimitReached(Problem):
    """A limit is reached. The response says which one, how much of it is used, and when it resets."""

    status = 429
    code = "limit_reached"
    title = "Limit reached"
    example: ClassVar[Mapping[str, Any]] = {"limit": "daily-requests", "used": 50, "max": 50, "resetsAt": "2026-12-01T00:00:00.000Z"}

    def __init__(
        self,
        detail: str,
        *,
        limit: str,
        used: Decimal,
        most: Decimal,
        resets_at: datetime,
        retry_after: float,
        reserved: Decimal | None = None,
        wanted: Decimal | None = None,
    ) -> None:
        """`limit` is the name; `used`, `reserved`, `wanted` and `most` are requests, tokens or US dollars; `retry_after` is in seconds."""
        super().__init__(detail, headers={"Retry-After": str(max(1, ceil(retry_after)))})
        self.limit = limit
        self._figures = {"used": used, "reserved": reserved, "wanted": wanted, "max": most}
        self._resets_at = resets_at

    def body(self) -> dict[str, Any]:
        """Return the members of the problem, with `limit`, `used`, `max`, `resetsAt`, and `reserved` and `wanted` if known."""
        as_money = self.limit.endswith("budget")
        figures = {name: money(value) if as_money else int(value) for name, value in self._figures.items() if value is not None}
        return {**super().body(), "limit": self.limit, **figures, "resetsAt": iso_utc(self._resets_at)}
