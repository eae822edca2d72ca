"""`GET /users/me/usage`: what the user has used and has left."""

from fastapi import APIRouter

from playground.accounts.authorization import ReportReader, ScopeMissing
from playground.kit.errors import NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.limits.service import LimitService

from .schemas import Usage

router = APIRouter(tags=["limits"])


@router.get("/users/me/usage", summary="Get your usage", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def get_usage(limits: Provided[LimitService], user: ReportReader) -> Usage:
    """Return what is used and left of each limit, and when it resets.

    Needs a login, or an API key with the scope `reports:read`.
    """
    return await limits.usage(user)
