"""What a user has used, as it stands at a moment, beside what they may."""

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
    """One limit of a day or a month."""

    name: str
    most: Decimal | None
    """Requests, tokens or US dollars. `None`: no limit."""
    used: Decimal
    reserved: Decimal
    """By runs that go on."""
    period: Period

    @property
    def left(self) -> Decimal | None:
        """What may still be reserved; never less than nothing. `None`: as much as one likes."""
        return None if self.most is None else max(Decimal(0), self.most - self.used - self.reserved)


@dataclass(frozen=True, slots=True)
class Allowances:
    """All of a user's."""

    daily_requests: Allowance
    monthly_requests: Allowance
    monthly_tokens: Allowance
    monthly_budget: Allowance

    def __iter__(self) -> Iterator[Allowance]:
        """The ones that reset last come first."""
        return iter((self.monthly_budget, self.monthly_tokens, self.monthly_requests, self.daily_requests))


def allowances_at(moment: datetime, limits: Limits, row: UsageRow | None) -> Allowances:
    """How `limits` stand at `moment` by the user's row. A day and a month before it are over; one after it is that of a faster clock.

    One that begins in more than an hour is that of a clock that had jumped ahead, and counts for nothing (`quota_statements.py`).
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
