"""`/admin/system`: the state of the service."""

from fastapi import APIRouter

from playground.accounts.authorization import Administrator
from playground.administration.system.service import SystemService
from playground.kit.errors import Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided

from .schemas import SystemState

router = APIRouter(prefix="/admin", tags=["administration"])


@router.get("/system", summary="Get system state", responses=documented(NotAuthenticated, Forbidden, Unavailable))
async def get_system(system: Provided[SystemService], _administrator: Administrator) -> SystemState:
    """Return the state of the responding process, its versions, and the state of everything it depends on."""
    return await system.state()
