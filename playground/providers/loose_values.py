"""Values of loosely decoded JSON, taken for what they are meant to be; `None` where nothing can be made of them."""

from decimal import Decimal

_MOST = 10**15
"""Numbers from here on are no counts; `1e999999` would fill the memory as an integer."""


def text_of(value: object) -> str | None:
    """A text, also one that is written as a number."""
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value)


def count_of(value: object) -> int | None:
    """A number of tokens: whole, also as `12.0` or `"12"`."""
    amount = amount_of(value)
    return int(amount) if amount is not None and amount < _MOST else None


def amount_of(value: object) -> Decimal | None:
    """A finite number of 0 or more, exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
