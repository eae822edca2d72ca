"""The time zones of reports."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from playground.kit.errors import BadInput

_UNKNOWN_ZONE = "Etc/Unknown"
"""The name that browsers report if they don't know the machine's time zone (CLDR)."""
_WHOLE_HOURS = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?")


class TimeZones:
    """The zones of the IANA database."""

    def __init__(self) -> None:
        self._names = available_timezones()

    def known(self, name: str) -> ZoneInfo:
        """Return the time zone of a name or of an offset of whole hours. Raises `BadInput`."""
        zone = "UTC" if name == _UNKNOWN_ZONE else name
        if hours := _WHOLE_HOURS.fullmatch(zone):  # An offset as written by browsers. POSIX offsets have the opposite sign.
            sign, count = "-" if hours[1] == "+" else "+", int(hours[2])
            zone = f"Etc/GMT{sign}{count}" if count else "UTC"
        if zone not in self._names:
            raise unknown_zone(name)
        return ZoneInfo(zone)


def unknown_zone(name: str) -> BadInput:
    """Return the error about a time zone that doesn't exist."""
    return BadInput.at("timezone", f"is not a known time zone: {name!r}. Use a name such as Europe/Berlin")


def in_utc(moment: datetime | None, zone: ZoneInfo, field: str) -> datetime | None:
    """Return a time in UTC; without a zone of its own it is in `zone`. Raises `BadInput`."""
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise BadInput.at(field, "is outside the years 1 to 9999 in UTC") from None
