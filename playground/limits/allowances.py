"""What a user has used of each limit at a given time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .periods import Period
from .policy import Limits
from .repository import UsageRow

_FASTEST_CLOCK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit per day or month."""

    name: str
    most: Decimal | None
    """Requests, tokens or US dollars. `None`: no limit."""
    used: Decimal
    reserved: Decimal
    """Reserved by running comparisons."""
    period: Period

    @property
    def left(self) -> Decimal | None:
        """Return what can still be reserved, at least 0. `None`: no limit."""
        return None if self.most is None else max(Decimal(0), self.most - self.used - self.reserved)


@dataclass(frozen=True, slots=True)
class Allowances:
    """All limits of a user."""

    daily_requests: Allowance
    monthly_requests: Allowance
    monthly_tokens: Allowance
    monthly_budget: Allowance

    def __iter__(self) -> Iterator[Allowance]:
        """Yield the limits, those that reset last first."""
        return iter((self.monthly_budget, self.monthly_tokens, self.monthly_requests, self.daily_requests))


def allowances_at(moment: datetime, limits: Limits, row: UsageRow | None) -> Allowances:
    """Return the state of `limits` at `moment`. Counts of an earlier day or month are over.

    Counts of a later one are from a process whose clock is ahead. If it begins in more than an hour, that clock had jumped, and the
    counts are ignored (`quota_statements.py`).
    """
    day, month, latest = Period.day(moment), Period.month(moment), moment + _FASTEST_CLOCK
    today = row if row is not None and day.name <= row.day <= Period.day(latest).name else None
    this_month = row if row is not None and month.name <= row.month <= Period.month(latest).name else None
    return Allowances(
        _allowance("daily-requests", limits.daily_requests, today.day_requests if today else 0, 0, day),
        _allowance("monthly-requests", limits.monthly_requests, this_month.month_requests if this_month else 0, 0, month),
        _allowance(
            "monthly-tokens",
            limits.monthly_tokens,
            this_month.month_tokens if this_month else 0,
            row.reserved_tokens if row else 0,
            month,
        ),
        _allowance(
            "monthly-budget",
            limits.monthly_budget,
            this_month.month_cost if this_month else 0,
            row.reserved_cost if row else 0,
            month,
        ),
    )


def _allowance(name: str, most: int | Decimal | None, used: int | Decimal, reserved: int | Decimal, period: Period) -> Allowance:
    return Allowance(name, None if most is None else Decimal(most), Decimal(used), Decimal(reserved), period)
