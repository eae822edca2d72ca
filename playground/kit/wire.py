"""Base classes and field types of all shapes on the wire."""

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
    """Return `moment` as on the wire: ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal) -> str:
    """Return `amount` in US dollars as on the wire: plain decimal digits, no exponent, no trailing zeros."""
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
    # pydantic would read `2026` as a time in 1970.
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[\d.]+\s*", value):
        raise ValueError("should be a date or time in ISO 8601, such as 2026-11-21T08:00:00Z")
    return value


GivenMoment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_as_utc)]
"""An incoming time in ISO 8601; without a time zone it is in UTC."""

LocalMoment = Annotated[datetime, BeforeValidator(_no_number)]
"""An incoming date or time in ISO 8601; without a time zone it is in the zone that the request names."""

Money = Annotated[Decimal, PlainSerializer(money, return_type=str)]
"""US dollars, written as a decimal string."""


def _is_id(cursor: str) -> str:
    if not is_id(cursor):
        raise ValueError("is not a valid cursor; use the `nextCursor` of the previous page")
    return cursor


IdCursor = Annotated[str, AfterValidator(_is_id)]
"""The cursor of a list that is sorted by ids. Any other text would also compare with ids, and select a wrong page."""


IdPath = Annotated[CleanText, Path(max_length=64, examples=["01k9w3zj2c6v8n4r5t7y9b1d3f"])]
"""An id of `new_id` in the path of a request. Any other text is the id of nothing."""


def at_most(entries: int) -> BeforeValidator:
    """Check the length of a list before its entries, in addition to `Field(max_length=...)`.

    pydantic would otherwise first report the errors of each entry of a long list.
    """

    def check(value: object) -> object:
        if isinstance(value, list) and len(value) > entries:
            raise PydanticKnownError("too_long", {"field_type": "List", "max_length": entries, "actual_length": len(value)})
        return value

    return BeforeValidator(check)


FIELDS_AT_FAULT = "fields_at_fault"


def fields_at_fault(message: str, *fields: str) -> PydanticCustomError:
    """Return an error for the validator of a whole model: what is wrong with `fields`, so that the response names each of them.

    `fields` are Python names. pydantic would otherwise report an error of the whole body.
    """
    return PydanticCustomError(FIELDS_AT_FAULT, "{message}", {"message": message, "fields": [_camel_path(name) for name in fields]})


def _camel_path(path: str) -> str:
    return ".".join(map(to_camel, path.split(".")))


class WireModel(BaseModel):
    """A shape on the wire: camelCase in JSON, snake_case in Python."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class WireInput(WireModel):
    """An incoming shape. Unknown fields are refused, so that a misspelt option is not silently ignored."""

    model_config = ConfigDict(extra="forbid")
