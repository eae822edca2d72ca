"""Logins. Each is a family of refresh tokens, of which one is valid at a time."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from playground.accounts.identity import Identities, User
from playground.accounts.repository import Account
from playground.accounts.schemas import LoginEntry, LoginPage, TokenPair
from playground.kit.announcements import Announcements
from playground.kit.errors import NotAuthenticated, NotFound
from playground.kit.ids import new_id

from .repository import LoginRepository, LoginRow
from .signed_tokens import Tokens, Use, unusable

_logger = structlog.get_logger(__name__)


class LoginNotFound(NotFound):
    """This user has no such login."""


class RefreshTokenUsed(NotAuthenticated):
    """The refresh token was already used, so its login has ended."""

    code = "refresh_token_used"
    title = "The refresh token was already used"


@dataclass(frozen=True, slots=True)
class Device:
    """The device that sent a request, as far as the request shows."""

    address: str | None = None
    user_agent: str | None = None


class Logins:
    """Creates, renews and ends logins."""

    def __init__(self, repository: LoginRepository, tokens: Tokens, identities: Identities, announcements: Announcements) -> None:
        self._repository = repository
        self._tokens = tokens
        self._identities = identities
        self._announcements = announcements

    async def begin(self, account: Account, device: Device, *, lifetime_of: Use = "refresh") -> TokenPair:
        """Create a login for an account, as long as the lifetime of that kind of token.

        Raises `NotAuthenticated` if the account has changed since it was read.
        """
        login = self.prepare(account.id, device, lifetime_of=lifetime_of)
        if not await self._repository.create(login, account.password_hash):
            raise NotAuthenticated("The account has just been changed. Log in again.")
        # Cache it now, so that the first request with the tokens needs no query.
        await self._identities.of_login(login.id)
        return self.pair(login)

    def prepare(self, user_id: str, device: Device, *, login_id: str | None = None, lifetime_of: Use = "refresh") -> LoginRow:
        """Return the row of a new login, or of an existing login with a new refresh token, to be stored."""
        # Whole seconds, as in a JWT, so that the same row always gives the same refresh token.
        expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=self._tokens.lifetime(lifetime_of))
        return LoginRow(login_id or new_id(), user_id, new_id(), expires_at, device.address, device.user_agent)

    def pair(self, login: LoginRow) -> TokenPair:
        """Return the tokens of a stored login."""
        return TokenPair(
            access_token=self._tokens.issue(login.user_id, login.id, "access"),
            refresh_token=self._tokens.issue(login.user_id, login.id, "refresh", token_id=login.refresh_id, expires_at=login.expires_at),
            expires_in=self._tokens.lifetime("access"),
        )

    async def refresh(self, refresh_token: str, device: Device) -> TokenPair:
        """Exchange a refresh token for new tokens. It works once: using it again after the leeway ends the login.

        Within the leeway, a repeated token gets the currently valid one. That one is not stored: a refresh token is a signed id, so
        signing the same id and expiry again gives the same token. Raises `RefreshTokenUsed`, `NotAuthenticated`.
        """
        arrived = time.monotonic()
        claims = self._tokens.read(refresh_token, "refresh")
        login = self.prepare(claims.user_id, device, login_id=claims.login_id)
        if await self._repository.rotate(login, claims.token_id):
            return self.pair(login)
        waited = time.monotonic() - arrived
        successor = await self._repository.successor(claims.login_id, claims.token_id, waited)
        if successor is not None:
            return self.pair(replace(login, refresh_id=successor.refresh_id, expires_at=successor.expires_at))
        if await self._repository.end_reused(claims.login_id, claims.token_id):
            # Either the owner or a thief used it a second time. They can't be distinguished, so neither stays logged in.
            _logger.warning("refresh_token_reused", login_id=claims.login_id, user_id=claims.user_id)
            await self._announcements.announce("login", claims.login_id)
            raise RefreshTokenUsed("This refresh token was already used, possibly by someone else. Its login has ended. Log in again.")
        raise unusable()

    async def end(self, user_id: str, login_id: str) -> None:
        """End a login, which makes its tokens invalid. Raises `LoginNotFound`."""
        found = await self._repository.end(user_id, login_id)
        await self._announcements.announce("login", login_id)
        if not found:
            raise LoginNotFound("This login doesn't exist or isn't yours.")

    async def end_given(self, user: User | None, refresh_tokens: Sequence[str]) -> bool:
        """End the user's login and the logins of refresh tokens, whether or not they were used. Return whether there was any."""
        ended = user is not None and user.login_id is not None
        if user is not None and user.login_id is not None:
            await self.end(user.id, user.login_id)
        for token in refresh_tokens:
            try:
                claims = self._tokens.read(token, "refresh")
                await self.end(claims.user_id, claims.login_id)
            except (NotAuthenticated, LoginNotFound):
                continue
            ended = True
        return ended

    async def end_others(self, user: User) -> None:
        """End all logins of a user except the current one."""
        await self._repository.end_others(user.id, user.login_id or "")
        await self._announcements.announce("user", user.id)

    async def page(self, user: User, *, cursor: str | None, limit: int) -> LoginPage:
        """Return a page of the user's valid logins, newest first."""
        rows = await self._repository.page(user.id, datetime.now(UTC), cursor=cursor, limit=limit + 1)
        return LoginPage.of(
            rows, limit, item=lambda row: LoginEntry(current=row.id == user.login_id, **asdict(row)), cursor=lambda row: row.id
        )
