"""`/auth`: accounts and tokens."""

from fastapi import APIRouter, status

from playground.errors import BadInput, NotAuthenticated, Unavailable
from playground.problems import documented
from playground.services import CurrentServices

from .auth import CurrentUser
from .schemas import Login, Profile, Refresh, Registered, Registration, TokenPair
from .service import AddressTaken

router = APIRouter(prefix="/auth", tags=["accounts"])


@router.post("/register", status_code=status.HTTP_201_CREATED, responses=documented(AddressTaken, BadInput, Unavailable))
async def register(services: CurrentServices, registration: Registration) -> Registered:
    """Make an account and log it in. The first account is the administrator."""
    return await services.accounts.register(registration)


@router.post("/login", responses=documented(NotAuthenticated, BadInput, Unavailable))
async def login(services: CurrentServices, login: Login) -> TokenPair:
    """Log in: an access token for requests, and a refresh token for the next pair."""
    return await services.accounts.login(login)


@router.post("/refresh", responses=documented(NotAuthenticated, BadInput, Unavailable))
async def refresh(services: CurrentServices, body: Refresh) -> TokenPair:
    """Change a refresh token for new tokens."""
    return await services.accounts.refresh(body.refresh_token)


@router.get("/profile", responses=documented(NotAuthenticated, Unavailable))
async def profile(services: CurrentServices, user: CurrentUser) -> Profile:
    """The account that asks."""
    return await services.accounts.profile(user)
