"""Days and months, in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month."""

    name: str
    """Such as 2026-11-21 or 2026-11: the names sort like the periods."""
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def day(cls, moment: datetime) -> "Period":
        """Return the day of `moment`."""
        start = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(f"{start:%Y-%m-%d}", start, start + timedelta(days=1))

    @classmethod
    def month(cls, moment: datetime) -> "Period":
        """Return the month of `moment`."""
        start = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return cls(f"{start:%Y-%m}", start, (start + timedelta(days=31)).replace(day=1))

    @property
    def seconds(self) -> int:
        """Return the length in seconds."""
        return round((self.ends_at - self.starts_at).total_seconds())
