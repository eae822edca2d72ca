"""Formatting of numbers for people."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

# Everything that can move a terminal's cursor or that XML forbids, except line feeds.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SHOWN_DECIMALS = Decimal("0.000001")


def printable(text: str) -> str:
    """Make `text` safe for a terminal and for XML: control characters become U+FFFD."""
    return _CONTROL.sub("\ufffd", text)


def milliseconds(value: float) -> str:
    """Format a duration in ms with about three significant digits: `0.42 ms`, `87 ms`, `1.25 s`."""
    if value < 9.95:
        return f"{value:.2f} ms"
    if value < 99.5:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 999.5 else f"{value / 1000:.2f} s"


def per_second(value: float) -> str:
    """Format a rate in tokens per second: `7.3`, `48.1`, `310`."""
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def exact(amount: Decimal) -> str:
    """Format an exact amount, without exponent and trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal | None) -> str:
    """Format US dollars with two to six decimals: `$0.0042`, `$12.30`; `unknown`. Files have the exact amount."""
    if amount is None:
        return "unknown"
    if 0 < amount < _SHOWN_DECIMALS:
        return "<$" + exact(_SHOWN_DECIMALS)
    whole, _, decimals = exact(amount.quantize(_SHOWN_DECIMALS, ROUND_HALF_EVEN)).partition(".")
    return f"${int(whole):,}.{decimals:0<2}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Format a count: `1 answer`, `2,000 answers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
