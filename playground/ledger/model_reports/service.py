"""The report on models."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from playground.accounts.identity import User
from playground.kit.errors import BadInput, Forbidden
from playground.ledger.reports.schemas import ReportScope
from playground.ledger.reports.time_zones import TimeZones, in_utc
from playground.providers.answer.finish_reasons import Ending, ending_of

from .repository import Counts, ModelQuery, ModelReportRepository, Times
from .schemas import ModelReport, ModelRow, Percentiles, Period

MOST_ROWS = 10_000
_CUT = (Ending.TOKEN_LIMIT, Ending.CONTEXT_WINDOW)
_STORED_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """The parameters of a report."""

    period: Period | None
    since: datetime | None
    until: datetime | None
    timezone: str
    scope: ReportScope


class ModelReports:
    """Creates reports on models."""

    def __init__(self, repository: ModelReportRepository, zones: TimeZones) -> None:
        self._repository = repository
        self._zones = zones

    async def report(self, user: User, wanted: ModelRequest) -> ModelReport:
        """Return the report. Raises `BadInput`, and `Forbidden` if a user who is not an administrator asks for other users."""
        if user.role != "admin" and wanted.scope == "all":
            raise Forbidden("Only administrators can see how models did for all users.")
        zone = self._zones.known(wanted.timezone)
        since, until = in_utc(wanted.since, zone, "from"), in_utc(wanted.until, zone, "to")
        if since is not None and until is not None and since >= until:
            raise BadInput.at("to", "must be after `from`")
        user_id = None if wanted.scope == "all" else user.id
        found = await self._repository.find(ModelQuery(user.id, user_id, zone.key, wanted.period, since, until))
        counts: dict[_Key, list[Counts]] = defaultdict(list)
        for each in found.counts:
            counts[_key(each)].append(each)
        times = {_key(each): each for each in found.times}
        rows = [_row(key, counts[key], times.get(key)) for key in counts]
        if len(rows) > MOST_ROWS:
            raise BadInput.at("period", f"results in more than {MOST_ROWS:,} rows; choose a shorter time, or months instead of days")
        rows.sort(key=lambda row: (row.period or "", -row.calls, row.model))
        return ModelReport(since=since, until=until, timezone=zone.key, scope=wanted.scope, period=wanted.period, rows=rows)


_Key = tuple[str, str, bool, str | None]


def _key(each: Counts | Times) -> _Key:
    return each.model, each.provider, each.simulated, each.period


def _row(key: _Key, counts: Sequence[Counts], times: Times | None) -> ModelRow:
    model, provider, simulated, period = key
    answers = sum(each.calls for each in counts if each.is_answer)
    failures: Counter[str] = Counter()
    for each in counts:
        if each.status == "failed":
            failures[each.error_code or "unknown"] += each.calls
    cost, priced = sum((Decimal(each.cost) for each in counts), Decimal(0)), sum(each.priced for each in counts)
    tokens = sum(each.priced_output_tokens for each in counts)

    def share(of: Sequence[Counts]) -> float:
        return round(sum(each.calls for each in of if each.is_answer) / answers, 4) if answers else 0.0

    speeds = times.tokens_per_second if times else None
    return ModelRow(
        model=model,
        provider=provider,
        simulated=simulated,
        period=period,
        calls=sum(each.calls for each in counts),
        answers=answers,
        failures=dict(sorted(failures.items())),
        failure_share=share([each for each in counts if each.status == "failed"]),
        cut_share=share([each for each in counts if each.finish_reason and ending_of(each.finish_reason) in _CUT]),
        empty_share=share([each for each in counts if each.empty and each.status == "completed"]),
        time_to_first_token=_percentiles(times.time_to_first_token if times else None),
        time_to_first_answer=_percentiles(times.time_to_first_answer if times else None),
        time_per_token=_percentiles([1000 / speed for speed in speeds] if speeds else None),
        tokens_per_second=_percentiles(speeds),
        output_tokens=sum(each.output_tokens for each in counts),
        cost=cost if priced else None,
        unknown_costs=sum(each.unknown_costs for each in counts),
        cost_per_call=(cost / priced).quantize(_STORED_PLACES) if priced else None,
        cost_per_1000_output_tokens=(cost * 1000 / tokens).quantize(_STORED_PLACES) if tokens else None,
    )


def _percentiles(values: Sequence[float] | None) -> Percentiles | None:
    return None if values is None else Percentiles(**dict(zip(("p50", "p90", "p99"), (round(each, 3) for each in values), strict=True)))
