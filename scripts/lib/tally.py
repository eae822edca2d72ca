"""Sums of answers, tokens and money. Money is `Decimal` and never rounded; what is not known is counted, not taken for zero."""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from .problems import BadWire

# Wide enough for any sum of prices, and a sum that would have to be rounded is an error instead.
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])


def dollars(value: object) -> Decimal | None:
    """An amount from the wire, a decimal string; `None` (unknown) stays `None`. Raises `BadWire` for anything else."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite():
            return amount
    raise BadWire(f"The service gave a cost that is not a decimal string: {value!r}.")


def add(first: Decimal, second: Decimal) -> Decimal:
    """The exact sum of two amounts."""
    return _EXACT.add(first, second)


@dataclass(slots=True)
class Tally:
    """What some answers came to. Real and simulated answers never share one: made-up money must not look like money."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: int = 0
    """Answers whose tokens the service counted itself, because the provider did not say."""
    priced: int = 0
    """Answers that used something at a known cost."""
    unpriced: int = 0
    """Answers that used something, or may have, at a cost nobody knows. `cost` lacks them."""
    cost: Decimal = Decimal(0)
    """US dollars, of the priced answers."""

    def add(self, *, input_tokens: int | None, output_tokens: int | None, estimated: bool, cost: Decimal | None) -> None:
        """Count one answer. `None` is "not known"."""
        self.answers += 1
        self.input_tokens += input_tokens or 0
        self.output_tokens += output_tokens or 0
        self.estimated += estimated
        if not cost and input_tokens == 0 and output_tokens == 0:
            return  # It is known to have used nothing (it was refused, say): there is no price to know, and no average to lower.
        if cost is None:
            self.unpriced += 1
        else:
            self.priced += 1
            self.cost = add(self.cost, cost)

    def merge(self, other: "Tally") -> None:
        """Add all that `other` counted."""
        self.answers += other.answers
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.estimated += other.estimated
        self.priced += other.priced
        self.unpriced += other.unpriced
        self.cost = add(self.cost, other.cost)

    @property
    def known_cost(self) -> Decimal | None:
        """US dollars; `None` when nothing is known, since "0" would say "free"."""
        return self.cost if self.priced or not self.unpriced else None
