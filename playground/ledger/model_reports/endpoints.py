"""`/reports/models`: how models did."""

from typing import Annotated

from fastapi import APIRouter, Query

from playground.accounts.authorization import ReportReader
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import LocalMoment
from playground.ledger.reports.schemas import ReportScope

from .schemas import ModelReport, Period
from .service import ModelReports, ModelRequest

router = APIRouter(prefix="/reports", tags=["reports"])


@router.get(
    "/models",
    responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable, TooSlow),
)
async def models(
    reports: Provided[ModelReports],
    user: ReportReader,
    period: Annotated[Period | None, Query(description="One row for each model and period; without it, one for each model.")] = None,
    since: Annotated[
        LocalMoment | None,
        Query(alias="from", description="Only answers requested at this time or later. A time without a zone is in `timezone`."),
    ] = None,
    until: Annotated[LocalMoment | None, Query(alias="to", description="Only answers requested before this time.")] = None,
    timezone: Annotated[CleanText, Query(max_length=64, description="The time zone of the periods, as an IANA name.")] = "UTC",
    scope: Annotated[ReportScope, Query(description="`all`: calls of all users, for administrators only.")] = "own",
) -> ModelReport:
    """How models did: failures, percentiles of times and speeds, shares of cut and empty answers, and what a call costs."""
    return await reports.report(user, ModelRequest(period, since, until, timezone, scope))
