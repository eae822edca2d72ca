"""Converts values of leniently decoded JSON to the intended type, or to `None` if that isn't possible."""

from decimal import Decimal

_MOST = 10**15
"""Numbers from here on are not counts; `1e999999` as an integer would fill the memory."""


def text_of(value: object) -> str | None:
    """Return a text; numbers are converted."""
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value)


def count_of(value: object) -> int | None:
    """Return a number of tokens: a whole number, also written as `12.0` or `"12"`."""
    amount = amount_of(value)
    return int(amount) if amount is not None and amount < _MOST else None


def amount_of(value: object) -> Decimal | None:
    """Return a finite number of 0 or more, exactly as written."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
