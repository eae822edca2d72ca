"""What all shapes on the wire have in common."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def _iso_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """`amount` in US dollars as the wire writes it: plain decimal digits, no exponent, no trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Moment = Annotated[datetime, PlainSerializer(_iso_utc, return_type=str)]
"""A time, written as ISO 8601 in UTC with milliseconds."""

Money = Annotated[Decimal, PlainSerializer(money, return_type=str)]
"""US dollars, written as a decimal string."""


class WireModel(BaseModel):
    """A shape on the wire: camelCase in JSON, snake_case in Python."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class WireInput(WireModel):
    """A shape that comes in: unknown fields are refused, so that a misspelt option is not silently ignored."""

    model_config = ConfigDict(extra="forbid")
