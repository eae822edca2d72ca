"""`/admin/stats`: statistics over time."""

from typing import Annotated

from fastapi import APIRouter, Query

from playground.accounts.authorization import Administrator
from playground.administration.statistics.service import StatisticsService
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.wire import GivenMoment

from .schemas import Bucket, Statistics

router = APIRouter(prefix="/admin", tags=["administration"])


@router.get("/stats", summary="Get statistics", responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable, TooSlow))
async def get_statistics(
    statistics: Provided[StatisticsService],
    administrator: Administrator,
    since: Annotated[GivenMoment | None, Query(alias="from", description="Start time (inclusive). Default: 30 days before `to`.")] = None,
    until: Annotated[GivenMoment | None, Query(alias="to", description="End time (exclusive). Default: now.")] = None,
    bucket: Annotated[Bucket, Query(description="The length of each step of `series`, in UTC. Weeks start on Monday.")] = "day",
) -> Statistics:
    """Count users, sessions, answers, tokens, costs and errors, in total and over time."""
    return await statistics.between(administrator.id, since, until, bucket)
