"""Registering, logging in, staying logged in."""

import unicodedata
from datetime import UTC, datetime, timedelta

from prisma import models

from playground.errors import Conflict, FieldError, NotAuthenticated
from playground.ids import new_id
from playground.text import clean

from .identity import Identities, User, role_of
from .passwords import PasswordHasher
from .repository import EmailTaken, UserRepository
from .schemas import Login, Profile, Registered, Registration, TokenPair
from .tokens import Tokens

_TERMINAL_USER_ID = "terminal"
TERMINAL_LIMITS: dict[str, None] = dict.fromkeys(
    ("requests", "streams", "dailyRequests", "monthlyRequests", "monthlyTokens", "monthlyBudget")
)
"""Whoever sits at the server's own terminal could change any limit: there is none. In the shape of `users.limits`."""


class AddressTaken(Conflict):
    """Somebody registered with this address before."""

    code = "email_taken"
    title = "This email address has an account"


class AccountService:
    """What can be done with accounts."""

    def __init__(self, repository: UserRepository, hasher: PasswordHasher, tokens: Tokens, identities: Identities) -> None:
        self._repository = repository
        self._hasher = hasher
        self._tokens = tokens
        self._identities = identities

    async def register(self, registration: Registration) -> Registered:
        """Make an account and log it in; the first is the administrator. Raises `AddressTaken`."""
        password_hash = await self._hasher.hash(registration.password.get_secret_value())
        try:
            user = await self._repository.create(new_id(), email=registration.email, name=registration.name, password_hash=password_hash)
        except EmailTaken:
            detail = f"There is an account for {registration.email} already: log in, or use another address."
            raise AddressTaken(detail, errors=[FieldError("email", detail)]) from None
        pair = await self._begin_login(user)
        return Registered(**pair.model_dump(), user=_profile(user))

    async def login(self, login: Login) -> TokenPair:
        """Tokens for an email and password. Raises `NotAuthenticated`, alike for an unknown address and a wrong password."""
        user = await self._repository.find_by_email(login.email)
        password = unicodedata.normalize("NFC", clean(login.password.get_secret_value()))
        if not await self._hasher.matches(password, user.password_hash if user else None) or user is None:
            raise NotAuthenticated("The email address or the password is wrong.")
        return await self._begin_login(user)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """New tokens for a refresh token. Raises `NotAuthenticated`."""
        claims = self._tokens.read(refresh_token, "refresh")
        return self._pair(await self._known(claims.user_id), claims.login_id, claims.token_id)

    async def profile(self, user: User) -> Profile:
        """The account of a logged-in user. Raises `NotAuthenticated` when it is gone."""
        return _profile(await self._known(user.id))

    async def terminal_token(self) -> str:
        """An access token for whoever sits at the server's own terminal.

        It is the first administrator's; before there is one, that of an account without a login.
        """
        user = await self._repository.first_administrator() or await self._repository.terminal_user(_TERMINAL_USER_ID, TERMINAL_LIMITS)
        return (await self._begin_login(user)).access_token

    async def _known(self, user_id: str) -> models.users:
        row = await self._repository.get(user_id)
        if row is None:
            raise NotAuthenticated("This account does not exist any more.")
        return row

    async def _begin_login(self, user: models.users, *, address: str | None = None, user_agent: str | None = None) -> TokenPair:
        login_id, refresh_id = new_id(), new_id()
        expires_at = datetime.now(UTC) + timedelta(seconds=self._tokens.lifetime("refresh"))
        await self._repository.create_login(
            login_id, user_id=user.id, refresh_id=refresh_id, expires_at=expires_at, address=address, user_agent=user_agent
        )
        self._identities.login_began(login_id, user)
        return self._pair(user, login_id, refresh_id)

    def _pair(self, user: models.users, login_id: str, refresh_id: str) -> TokenPair:
        return TokenPair(
            access_token=self._tokens.issue(user.id, login_id, "access"),
            refresh_token=self._tokens.issue(user.id, login_id, "refresh", token_id=refresh_id),
            expires_in=self._tokens.lifetime("access"),
        )


def _profile(row: models.users) -> Profile:
    return Profile(id=row.id, email=row.email, name=row.name, role=role_of(row), created_at=row.created_at)
