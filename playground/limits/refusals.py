"""The errors for reached limits, in words and figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil

from playground.kit.wire import money

from .allowances import Allowance, Allowances
from .limit_errors import LimitReached
from .windows import Rate, Window

_WHEN_RUNS_END_SECONDS = 30.0
"""`Retry-After` if only the reservations of running comparisons are in the way."""

_UNITS = {
    "address-requests": "requests without a login",
    "auth": "requests to /auth, or with a password,",
    "user-requests": "requests",
    "streams": "streams",
    "daily-requests": "comparisons",
    "monthly-requests": "comparisons",
    "monthly-tokens": "tokens",
    "monthly-budget": "US dollars",
}


def window_full(rate: Rate, window: Window) -> LimitReached:
    """Return the error for a request beyond `rate`."""
    resets_at = datetime.now(UTC) + timedelta(seconds=window.resets_in)
    return LimitReached(
        f"At most {rate.amount:,} {_UNITS[rate.name]} are allowed in any {_duration(rate.seconds)}. "
        f"Try again in {_wait(window.resets_in)}.",
        limit=rate.name,
        used=Decimal(window.used),
        most=Decimal(rate.amount),
        resets_at=resets_at,
        retry_after=window.resets_in,
    )


def allowance_exceeded(allowances: Allowances, wanted: dict[str, Decimal], at: datetime) -> LimitReached | None:
    """Return the error for a run that wants more than is left of a limit; `None` if there is enough.

    If several limits are exceeded, it names the one that resets last.
    """
    for allowance in allowances:
        want = wanted[allowance.name]
        if allowance.left is not None and want > 0 and allowance.left < want:
            return _refusal(allowance, want, at)
    return None


def _refusal(allowance: Allowance, want: Decimal, at: datetime) -> LimitReached:
    assert allowance.most is not None  # noqa: S101 - else nothing is refused
    unit, period = _UNITS[allowance.name], "day" if allowance.name.startswith("daily") else "month"
    reset = f"The next {period} starts at {allowance.period.ends_at:%Y-%m-%d %H:%M} UTC."
    retry_after = (allowance.period.ends_at - at).total_seconds()
    by_size = not allowance.name.endswith("requests")
    if not by_size:
        detail = f"All {allowance.most:,} {unit} of this {period} are used. {reset}"
    else:
        figures = (allowance.left or Decimal(0), allowance.most, allowance.used, allowance.reserved)
        left, most, used, reserved = map(_amount, figures)
        detail = (
            f"This comparison may use up to {_amount(want)} {unit}, but only {left} of this {period}'s {most} are left: "
            f"{used} are used and {reserved} are reserved by running comparisons. "
        )
        if allowance.most - allowance.used >= want:
            detail += "Try again when those have ended."
            retry_after = min(retry_after, _WHEN_RUNS_END_SECONDS)
        else:
            detail += "Use fewer models or shorter answers (maxTokens)."
            detail += f" {reset}" if want <= allowance.most else ""
    return LimitReached(
        detail,
        limit=allowance.name,
        used=allowance.used,
        most=allowance.most,
        resets_at=allowance.period.ends_at,
        retry_after=retry_after,
        reserved=allowance.reserved if by_size else None,
        wanted=want if by_size else None,
    )


def _amount(amount: Decimal) -> str:
    return f"{int(amount):,}" if amount == amount.to_integral_value() else money(amount)


def _duration(seconds: int) -> str:
    length, name = next(unit for unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")) if seconds % unit[0] == 0)
    return name if seconds == length else f"{seconds // length} {name}s"


def _wait(seconds: float) -> str:
    return f"{max(1, ceil(seconds))} s" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
