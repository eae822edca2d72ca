"""Reports on the costs of answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from playground.accounts.identity import User
from playground.kit.csv import BYTE_ORDER_MARK, csv_lines
from playground.kit.errors import BadInput, Forbidden
from playground.kit.wire import money
from playground.ledger.spend.views import KINDS

from .repository import ReportRepository, UnknownTimeZone
from .schemas import DIMENSIONS, CostFigures, CostReport, CostRow, Dimension, Figures, ReportKey, ReportScope, ReportUser
from .statement import ReportQuery
from .time_zones import TimeZones, in_utc, unknown_zone

MOST_ROWS = 10_000
_MOST_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The parameters of a report."""

    group_by: Sequence[Dimension]
    since: datetime | None
    """Only answers requested at this time or later. A time without a zone is in `timezone`."""
    until: datetime | None
    """Only answers requested before this time."""
    timezone: str
    """The time zone of the days, as an IANA name."""
    scope: ReportScope


class CostReports:
    """Creates cost reports."""

    def __init__(self, repository: ReportRepository, zones: TimeZones) -> None:
        self._repository = repository
        self._zones = zones

    async def costs(self, user: User, wanted: ReportRequest) -> CostReport:
        """Return the report. Raises `BadInput`, and `Forbidden` if a user who is not an administrator asks for other users' costs."""
        if user.role != "admin" and (wanted.scope == "all" or "user" in wanted.group_by):
            raise Forbidden("Only administrators can see the costs of all users, or costs by user.")
        wanted = replace(wanted, timezone=self._zones.known(wanted.timezone).key)
        if len(set(wanted.group_by)) != len(wanted.group_by) or not 1 <= len(wanted.group_by) <= _MOST_DIMENSIONS:
            raise _bad("groupBy", f"must be one to three different values of {', '.join(DIMENSIONS)}")
        query = self._query(user, wanted)
        try:
            total, *rows = await self._repository.costs(query)
        except UnknownTimeZone:
            raise unknown_zone(wanted.timezone) from None
        if len(rows) > MOST_ROWS:
            raise _bad("groupBy", f"results in more than {MOST_ROWS:,} rows; choose a shorter period, or months instead of days")
        return CostReport(
            since=query.since,
            until=query.until,
            timezone=wanted.timezone,
            group_by=list(wanted.group_by),
            scope=wanted.scope,
            rows=[_row(row, wanted) for row in rows],
            total=CostFigures(**_figures(total)),
            running_answers=total["running_answers"],
        )

    def _query(self, user: User, wanted: ReportRequest) -> ReportQuery:
        zone = ZoneInfo(wanted.timezone)
        since, until = in_utc(wanted.since, zone, "from"), in_utc(wanted.until, zone, "to")
        if since is not None and until is not None and since >= until:
            raise _bad("to", "must be after `from`")
        return ReportQuery(
            group_by=wanted.group_by,
            timezone=wanted.timezone,
            asked_by=user.id,
            user_id=None if wanted.scope == "all" else user.id,
            since=since,
            until=until,
            # The total is one of the rows.
            most_rows=MOST_ROWS + 1,
        )


def as_csv(report: CostReport, *, for_people: bool) -> str:
    """Return the rows of a report as CSV. Amounts are exact, in US dollars; an empty one is unknown."""
    names = [name for dimension in report.group_by for name in _CSV_NAMES[dimension]]
    figures = [f"{kind}{name}" for kind in ("", "own_key_", "simulated_") for name in _CSV_FIGURES]
    rows = ([*_about(row, names), row.requests, *_cells(row), *_cells(row.own_key), *_cells(row.simulated)] for row in report.rows)
    return (BYTE_ORDER_MARK if for_people else "") + csv_lines([[*names, "requests", *figures], *rows], for_people=for_people)


_CSV_NAMES: dict[Dimension, list[str]] = {
    "hour": ["hour"],
    "day": ["day"],
    "week": ["week"],
    "month": ["month"],
    "model": ["model"],
    "provider": ["provider"],
    "user": ["user_id", "user_email", "user_name"],
    "tenant": ["tenant"],
    "key": ["key_id", "key_name"],
    "source": ["source"],
}
_CSV_FIGURES = ["answers", "failed_answers", "input_tokens", "output_tokens", "estimated_answers", "cost_usd", "unknown_costs"]


def _about(row: CostRow, names: Sequence[str]) -> list[object]:
    cells = {name: getattr(row, name, None) for name in names}
    for prefix, about in (("user", row.user), ("key", row.key)):
        if about is not None:
            cells |= {f"{prefix}_{name}": value for name, value in about}
    return list(cells.values())


def _cells(figures: Figures | None) -> list[object]:
    if figures is None:
        return [0, 0, 0, 0, 0, None, 0]
    cost = None if figures.cost is None else money(figures.cost)
    counts = [figures.answers, figures.failed_answers, figures.input_tokens, figures.output_tokens, figures.estimated_answers]
    return [*counts, cost, figures.unknown_costs]


def _row(row: Mapping[str, Any], wanted: ReportRequest) -> CostRow:
    about = {name: row[name] for name in ("day", "week", "month", "model", "provider", "source") if name in row}
    if "hour" in row:
        about["hour"] = datetime.fromisoformat(row["hour"]).astimezone(ZoneInfo(wanted.timezone)).isoformat()
    if "tenant" in wanted.group_by:
        about["tenant"] = row["tenant_id"] or None
    if "user" in wanted.group_by:
        about["user"] = ReportUser(id=row["user_id"], email=row["user_email"], name=row["user_name"])
    if "key" in wanted.group_by:
        about["key"] = ReportKey(id=row["key_id"], name=row["key_name"]) if row["key_id"] else None
    return CostRow(**about, **_figures(row))


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    paid, own_key, simulated = (_of_kind(row, kind) for kind in KINDS)
    apart = {name: figures if figures["calls"] else None for name, figures in (("own_key", own_key), ("simulated", simulated))}
    return {**paid, "requests": row["requests"], **apart}


def _of_kind(row: Mapping[str, Any], kind: str) -> dict[str, Any]:
    names = ("calls", "answers", "failed_answers", "input_tokens", "output_tokens", "estimated_answers", "unknown_costs")
    figures = {name: row[f"{kind}_{name}"] for name in names}
    # "0" would mean that they were free.
    known = row[f"{kind}_priced"] > 0 or figures["unknown_costs"] == 0
    share = round(figures["estimated_answers"] / figures["calls"], 4) if figures["calls"] else 0.0
    return {**figures, "estimated_share": share, "cost": Decimal(row[f"{kind}_cost"]) if known else None}


def _bad(field: str, message: str) -> BadInput:
    return BadInput.at(field, message)
