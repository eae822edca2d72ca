"""The database queries on what users have used and reserved."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

import msgspec

from playground.database import locks, sqlstate
from playground.database.client import Database
from playground.database.generated import models
from playground.database.generated.errors import RawQueryError
from playground.kit.errors import NotAuthenticated

from .policy import Limits
from .quota_statements import EXTEND, RELEASE, RESERVE, SWEEP

_STORED = """
SELECT coalesce(sum(size), 0)::text AS used FROM file_contents WHERE hash IN (SELECT hash FROM attachments WHERE user_id = $1)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The most that a run may use, to be reserved."""

    run_id: str
    user_id: str
    at: datetime
    """When the run begins. It counts in that day and month."""
    tokens: int
    cost: Decimal
    """US dollars."""

    def by_allowance(self) -> dict[str, Decimal]:
        """Return the amounts by the names of the limits."""
        requests = Decimal(1)
        return {
            "daily-requests": requests,
            "monthly-requests": requests,
            "monthly-tokens": Decimal(self.tokens),
            "monthly-budget": self.cost,
        }


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a user has used in the stored day and month, and what the user's open runs have reserved."""

    day: str
    """Such as 2026-11-21."""
    month: str
    """Such as 2026-11."""
    day_requests: int
    month_requests: int
    month_tokens: int
    month_cost: Decimal
    """US dollars."""
    reserved_tokens: int
    reserved_cost: Decimal
    """US dollars."""

    @classmethod
    def of(cls, row: models.usage) -> Self:
        """Return the usage of a row."""
        return cls(
            row.day,
            row.month,
            row.day_requests,
            row.month_requests,
            row.month_tokens,
            row.month_cost,
            row.reserved_tokens,
            row.reserved_cost,
        )


class UsageRepository:
    """Usage and reservations in the database. Every call can be repeated (see `Database.run`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, wanted: Wanted, limits: Limits, *, held_seconds: float) -> UsageRow | None:
        """Count a request, reserve what it may use, and return the user's new row.

        `None`: it is more than `limits` allow, and nothing is changed. Raises `NotAuthenticated` if the account no longer exists.
        """
        asked: dict[str, Any] = asdict(wanted) | {
            "held_seconds": held_seconds,
            "daily_requests": limits.daily_requests,
            "monthly_requests": limits.monthly_requests,
            "monthly_tokens": limits.monthly_tokens,
            "monthly_budget": limits.monthly_budget,
        }
        parameter = msgspec.json.encode(asked).decode()
        try:
            rows = await self._database.run(lambda prisma: prisma.query_raw(RESERVE, parameter))
        except RawQueryError as error:
            if error.meta["code"] == sqlstate.FOREIGN_KEY_VIOLATION:
                raise NotAuthenticated("This account no longer exists.") from None
            if error.meta["code"] != sqlstate.UNIQUE_VIOLATION:
                raise
            # An earlier attempt, whose response got lost, has just been committed: now it is visible.
            rows = await self._database.run(lambda prisma: prisma.query_raw(RESERVE, parameter))
        return UsageRow.of(models.usage.model_validate(rows[0])) if rows else None

    async def release(self, run_id: str) -> None:
        """Release what was reserved for a run that was not started, including its request."""
        await self._database.run(lambda prisma: prisma.execute_raw(RELEASE, run_id))

    async def extend(self, run_ids: Sequence[str], seconds: float) -> list[str]:
        """Extend reservations to `seconds` from now. Return the runs whose reservations still exist."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(EXTEND, list(run_ids), seconds))
        return [row["run_id"] for row in rows]

    async def sweep(self) -> int:
        """Release the reservations of runs whose processes died. Return how many runs."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(SWEEP, locks.RESERVATIONS))
        return int(rows[0]["runs"])

    async def stored_bytes(self, user_id: str) -> int:
        """What the user's files take, each content counted once."""
        rows = await self._database.run(lambda prisma: prisma.query_raw(_STORED, user_id))
        return int(rows[0]["used"])

    async def get(self, user_id: str) -> UsageRow | None:
        """Return what a user has used and reserved."""
        row = await self._database.run(lambda prisma: prisma.usage.find_unique(where={"user_id": user_id}))
        return None if row is None else UsageRow.of(row)
