"""Sums of answers, tokens and money. Money is `Decimal` and never rounded. Unknown costs are counted, not treated as zero."""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from .problems import BadWire

# Wide enough for any sum of prices. A sum that would have to be rounded is an error.
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])


def dollars(value: object) -> Decimal | None:
    """Parse an amount from the wire, a decimal string; `None` (unknown) stays `None`. Raises `BadWire` for anything else."""
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
    """Return the exact sum of two amounts."""
    return _EXACT.add(first, second)


@dataclass(slots=True)
class Tally:
    """The sums of some answers. Real and simulated answers are never mixed: simulated costs must not look like real money."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: int = 0
    """Answers whose tokens the service counted itself, because the provider didn't report them."""
    priced: int = 0
    """Answers with usage at a known cost."""
    unpriced: int = 0
    """Answers with (possible) usage at an unknown cost, which are not included in `cost`."""
    cost: Decimal = Decimal(0)
    """US dollars of the priced answers."""

    def add(self, *, input_tokens: int | None, output_tokens: int | None, estimated: bool, cost: Decimal | None) -> None:
        """Add one answer. `None`: unknown."""
        self.answers += 1
        self.input_tokens += input_tokens or 0
        self.output_tokens += output_tokens or 0
        self.estimated += estimated
        if not cost and input_tokens == 0 and output_tokens == 0:
            return  # It used nothing (such as after a refusal), so it must neither need a price nor lower the average.
        if cost is None:
            self.unpriced += 1
        else:
            self.priced += 1
            self.cost = add(self.cost, cost)

    def merge(self, other: "Tally") -> None:
        """Add the sums of `other`."""
        self.answers += other.answers
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.estimated += other.estimated
        self.priced += other.priced
        self.unpriced += other.unpriced
        self.cost = add(self.cost, other.cost)

    @property
    def known_cost(self) -> Decimal | None:
        """Return US dollars; `None` if nothing is known, because 0 would mean "free"."""
        return self.cost if self.priced or not self.unpriced else None
