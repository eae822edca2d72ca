"""Statistics of this service over time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from playground.kit.errors import BadInput

from .repository import StatisticsRepository
from .schemas import Bucket, ErrorCount, Figures, ProviderErrors, Statistics, TimedFigures

_SHOWN = timedelta(days=30)
_MOST_BUCKETS = 2_000
_SHORTEST: Mapping[Bucket, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=28),
}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class StatisticsService:
    """Statistics for administrators."""

    def __init__(self, repository: StatisticsRepository) -> None:
        self._repository = repository

    async def between(self, asked_by: str, since: datetime | None, until: datetime | None, bucket: Bucket) -> Statistics:
        """Return the statistics from `since` (default: 30 days before the end) to `until` (default: now), exclusive.

        Raises `BadInput` if there are no buckets or too many.
        """
        until = until or datetime.now(UTC)
        since = since or max(until, _EARLIEST + _SHOWN) - _SHOWN
        _check(since, until, bucket)
        found = await self._repository.between(asked_by, since, until, bucket)
        totals, *series = found.series
        return Statistics(
            since=since,
            until=until,
            bucket=bucket,
            users=totals["users"],
            totals=Figures.model_validate(totals),
            series=[TimedFigures.model_validate(row) for row in series],
            errors_by_code=[ErrorCount.model_validate(row) for row in found.errors if row["code"] is not None],
            errors_by_provider=[ProviderErrors.model_validate(row) for row in found.errors if row["provider"] is not None],
        )


def _check(since: datetime, until: datetime, bucket: Bucket) -> None:
    if since >= until:
        raise _bad("to", "should be later than from")
    if since < _EARLIEST:
        raise _bad("from", "should be 1970 or later")
    if (until - since) / _SHORTEST[bucket] > _MOST_BUCKETS:
        raise _bad("bucket", f"{bucket} would give more than {_MOST_BUCKETS:,} buckets; choose a longer bucket or a shorter period")


def _bad(field: str, message: str) -> BadInput:
    return BadInput.at(field, message)
