"""What all shapes on the wire have in common."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from .ids import is_id
from .text import CleanText


def iso_utc(moment: datetime) -> str:
    """`moment` as the wire writes it: ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """`amount` in US dollars as the wire writes it: plain decimal digits, no exponent, no trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Moment = Annotated[datetime, PlainSerializer(iso_utc, return_type=str)]
"""A time, written as ISO 8601 in UTC with milliseconds."""


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("should be in the years 1 to 9999 in UTC") from None


def _no_number(value: object) -> object:
    # pydantic would take `2026` for a moment in 1970.
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[\d.]+\s*", value):
        raise ValueError("should be a date or time in ISO 8601, such as 2026-11-21T08:00:00Z")
    return value


GivenMoment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_as_utc)]
"""A time that comes in: ISO 8601; without a zone it is UTC."""

LocalMoment = Annotated[datetime, BeforeValidator(_no_number)]
"""A date or a time that comes in: ISO 8601; without a zone it is in the one that the request names."""

Money = Annotated[Decimal, PlainSerializer(money, return_type=str)]
"""US dollars, written as a decimal string."""


def _is_id(cursor: str) -> str:
    if not is_id(cursor):
        raise ValueError("is not a valid cursor; use the `nextCursor` of the previous page")
    return cursor


IdCursor = Annotated[str, AfterValidator(_is_id)]
"""Where a page of a list goes on that is in the order of ids. Any other text would be in order before or after, and give a wrong page."""


IdPath = Annotated[CleanText, Path(max_length=64, examples=["01k9w3zj2c6v8n4r5t7y9b1d3f"])]
"""An id of `new_id` in the path of a request. Any other text is the id of nothing."""


def at_most(entries: int) -> BeforeValidator:
    """For a list beside its `Field(max_length=...)`: it is refused by its length before its entries are looked at.

    pydantic itself would describe what is wrong with each entry of a long list first.
    """

    def check(value: object) -> object:
        if isinstance(value, list) and len(value) > entries:
            raise PydanticKnownError("too_long", {"field_type": "List", "max_length": entries, "actual_length": len(value)})
        return value

    return BeforeValidator(check)


FIELDS_AT_FAULT = "fields_at_fault"


def fields_at_fault(message: str, *fields: str) -> PydanticCustomError:
    """For a validator of a whole model to raise: what is wrong with `fields` together, so that the answer names each of them.

    They are given by their names in Python. pydantic itself would say that the whole body is wrong.
    """
    return PydanticCustomError(FIELDS_AT_FAULT, "{message}", {"message": message, "fields": [to_camel(name) for name in fields]})


class WireModel(BaseModel):
    """A shape on the wire: camelCase in JSON, snake_case in Python."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class WireInput(WireModel):
    """A shape that comes in: unknown fields are refused, so that a misspelt option is not silently ignored."""

    model_config = ConfigDict(extra="forbid")
