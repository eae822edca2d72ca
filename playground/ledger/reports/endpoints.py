"""`/reports`: the costs of answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator

from playground.accounts.authorization import ReportReader
from playground.database.shares import TooSlow
from playground.kit.csv import CSV_TYPE, AcceptHeader, Format, attachment, wants_csv
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import LocalMoment
from playground.ledger.reports.service import CostReports

from .schemas import CostReport, Dimension, ReportScope
from .service import ReportRequest, as_csv

router = APIRouter(prefix="/reports", tags=["reports"])


def _split(values: object) -> object:
    """Read `groupBy=day,model` like `groupBy=day&groupBy=model`."""
    return [part.strip() for value in values for part in str(value).split(",")] if isinstance(values, list) else values


@router.get(
    "/costs",
    response_model=CostReport,
    response_model_exclude_unset=True,
    responses={
        **documented(BadInput, NotAuthenticated, Forbidden, Unavailable, TooSlow),
        200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}},
    },
)
async def costs(
    reports: Provided[CostReports],
    user: ReportReader,
    group_by: Annotated[
        list[Dimension],
        BeforeValidator(_split),
        Query(alias="groupBy", description="One to three dimensions of the rows, separated by commas."),
    ] = ["day"],  # noqa: B006 - FastAPI copies it
    since: Annotated[
        LocalMoment | None,
        Query(alias="from", description="Only answers requested at this time or later. A time without a zone is in `timezone`."),
    ] = None,
    until: Annotated[LocalMoment | None, Query(alias="to", description="Only answers requested before this time.")] = None,
    timezone: Annotated[CleanText, Query(max_length=64, description="The time zone of the days, as an IANA name.")] = "UTC",
    scope: Annotated[ReportScope, Query(description="`all`: the costs of all users, for administrators only.")] = "own",
    file_format: Format = None,
    accept: AcceptHeader = None,
) -> CostReport | Response:
    """The costs of calls to models by time, model, provider, user, tenant, API key or source, as JSON or CSV.

    The costs of users' own keys and of simulated models are separate. Answers with an unknown price are counted, not treated as free.
    """
    wanted = ReportRequest(group_by=group_by, since=since, until=until, timezone=timezone, scope=scope)
    report = await reports.costs(user, wanted)
    if wants_csv(file_format, accept):
        return Response(as_csv(report, for_people=file_format is not None), media_type=CSV_TYPE, headers=attachment("costs.csv"))
    return report
