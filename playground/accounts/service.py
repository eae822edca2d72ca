"""Accounts: created, read, changed and deleted by their owners."""

from datetime import UTC, datetime
from typing import Literal

import structlog

from playground.accounts.logins.service import Device, Logins
from playground.accounts.logins.signed_tokens import Tokens
from playground.accounts.passwords.hashing import PasswordHasher, refuse_likeness
from playground.accounts.passwords.repository import PasswordRepository
from playground.kit.announcements import Announcements
from playground.kit.errors import BadInput, Conflict, FieldError, Forbidden, NotAuthenticated
from playground.kit.ids import new_id

from .identity import User
from .last_administrator import NoOtherAdministrator
from .one_time_tokens import hash_of
from .repository import Account, InvitationUnusable, NewAccount, NotInvited, Taken, UserRepository
from .schemas import Login, PasswordChange, Preferences, Profile, ProfileChange, Registered, Registration, TokenPair, Verified

_logger = structlog.get_logger(__name__)

_TERMINAL_USER_ID = "terminal"
TERMINAL_LIMITS: dict[str, None] = dict.fromkeys(
    ("requests", "streams", "dailyRequests", "monthlyRequests", "monthlyTokens", "monthlyBudget", "storageMb")
)
"""The terminal has no limits, because its user could change any of them anyway. In the shape of `users.limits`."""


class AddressTaken(Conflict):
    """An account with this email address already exists."""

    code = "email_taken"
    title = "The email address is already in use"


class UsernameTaken(Conflict):
    """Another user has this username."""

    code = "username_taken"
    title = "The username is already in use"


class RegistrationClosed(Forbidden):
    """Registration is closed on this service."""

    code = "registration_closed"
    title = "Registration is closed"


class InvitationNeeded(Forbidden):
    """Registration is by invitation only."""

    code = "invitation_needed"
    title = "Registration is by invitation only"


class InvitationRefused(BadInput):
    """The invitation is unknown, used, expired, for another email address, or its sender is no longer an administrator."""

    code = "invitation_refused"
    title = "The invitation is not valid"


class AccountLocked(Forbidden):
    """An administrator locked the account."""

    code = "account_locked"
    title = "The account is locked"


class WrongPassword(Forbidden):
    """The password that was sent for confirmation is wrong."""

    code = "wrong_password"
    title = "The password is wrong"


class LastAdministrator(Conflict):
    """The account is the last administrator, and there are other accounts."""

    code = "last_administrator"
    title = "There must be an administrator"


class AccountService:
    """Registers, logs in, changes and deletes accounts."""

    def __init__(
        self,
        repository: UserRepository,
        passwords: PasswordRepository,
        hasher: PasswordHasher,
        tokens: Tokens,
        logins: Logins,
        announcements: Announcements,
        *,
        registration: Literal["open", "invite", "closed"],
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._hasher = hasher
        self._tokens = tokens
        self._logins = logins
        self._announcements = announcements
        self._registration = registration

    async def register(self, registration: Registration, device: Device) -> Registered:
        """Create an account and log in. The first account becomes the administrator.

        Raises `RegistrationClosed`, `InvitationNeeded`, `InvitationRefused`, `AddressTaken`, `UsernameTaken`, `BadInput`.
        """
        if self._registration == "closed":
            raise RegistrationClosed("Registration is closed. Ask an administrator for an account.")
        refuse_likeness(registration.password, registration.email, registration.username, field="password")
        account = NewAccount(
            new_id(),
            email=registration.email,
            username=registration.username,
            name=registration.name,
            password_hash=await self._hasher.hash(registration.password.get_secret_value()),
        )
        user = await self._create(account, registration.invitation)
        pair = await self._logins.begin(user, device)
        return Registered(**pair.model_dump(), user=_profile(user))

    async def _create(self, account: NewAccount, invitation: str | None) -> Account:
        try:
            return await self._repository.create(
                account,
                invitation_hash=None if invitation is None else hash_of(invitation),
                by_invitation=self._registration == "invite",
            )
        except Taken as taken:
            raise _taken(taken, account.email, account.username) from None
        except NotInvited:
            raise InvitationNeeded("Registration is by invitation only. Ask an administrator for an invitation.") from None
        except InvitationUnusable:
            detail = (
                "The invitation is unknown, used, expired, for another email address, or its sender is no longer an administrator. "
                "Ask an administrator for a new one."
            )
            raise InvitationRefused(detail, errors=[FieldError("invitation", detail)]) from None

    async def login(self, login: Login, device: Device) -> TokenPair:
        """Return tokens for an email address or username and the password.

        Raises `NotAuthenticated`, with the same message and after the same time for an unknown account and a wrong password, and
        `AccountLocked`.
        """
        user = await self._repository.find(login.account)
        if not await self._hasher.matches(login.password.get_secret_value(), user.password_hash if user else None) or user is None:
            _logger.warning("login_refused", user_id=user.id if user else None, address=device.address)
            raise NotAuthenticated("The email address, the username or the password is wrong.")
        if not user.active:
            raise AccountLocked("This account is locked. Ask an administrator to unlock it.")
        return await self._logins.begin(user, device)

    async def verify(self, user: User, access_token: str) -> Verified:
        """Return the account of an access token, and when the token expires. Raises `NotAuthenticated`."""
        claims = self._tokens.read(access_token, "access")
        expires_at = datetime.fromtimestamp(claims.expires_at, UTC)
        return Verified(user=await self.profile(user), login_id=claims.login_id, expires_at=expires_at)

    async def profile(self, user: User) -> Profile:
        """Return the account of a logged-in user. Raises `NotAuthenticated` if it no longer exists."""
        return _profile(await self._known(user.id))

    async def change(self, user: User, change: ProfileChange) -> Profile:
        """Change an account. Raises `UsernameTaken`, `NotAuthenticated`."""
        preferences = change.preferences.model_dump(mode="json", by_alias=True, exclude_unset=True) if change.preferences else {}
        username = (change.username,) if "username" in change.model_fields_set else None
        try:
            await self._repository.change(user.id, name=change.name, bio=change.bio, username=username, preferences=preferences)
        except Taken as taken:
            raise _taken(taken, None, change.username) from None
        await self._announcements.announce("user", user.id)
        return await self.profile(user)

    async def change_password(self, user: User, change: PasswordChange, device: Device) -> TokenPair:
        """Set a new password. All logins end immediately. Return the tokens of a new login, which replaces the current one.

        Raises `WrongPassword`, `BadInput`.
        """
        row = await self._confirmed(user, change.current_password.get_secret_value(), "currentPassword")
        refuse_likeness(change.new_password, row.email, row.username, field="newPassword")
        if change.new_password == change.current_password:
            detail = "should be different from the current password"
            raise BadInput.at("newPassword", detail)
        new_hash = await self._hasher.hash(change.new_password.get_secret_value())
        login = self._logins.prepare(user.id, device)
        if not await self._passwords.change(user.id, old_hash=row.password_hash or "", new_hash=new_hash, login=login):
            raise _wrong_password("currentPassword")
        await self._announcements.announce("user", user.id)
        return self._logins.pair(login)

    async def delete(self, user: User, password: str) -> None:
        """Delete an account with everything in it. Raises `WrongPassword`, `LastAdministrator`."""
        await self._confirmed(user, password, "password")
        try:
            await self._repository.delete(user.id, actor_id=user.id)
        except NoOtherAdministrator:
            detail = "You are the only administrator, and there are other accounts. Make another user an administrator first."
            raise LastAdministrator(detail) from None
        await self._announcements.announce("user", user.id)

    async def terminal_token(self) -> str:
        """Return an access token for the user of the server's terminal. It is not renewed, so its login ends with it.

        It belongs to the first administrator, or, before there is one, to an account without a login.
        """
        user = await self._repository.first_administrator() or await self._repository.terminal_user(_TERMINAL_USER_ID, TERMINAL_LIMITS)
        return (await self._logins.begin(user, Device(user_agent="playground compare"), lifetime_of="access")).access_token

    async def _known(self, user_id: str) -> Account:
        row = await self._repository.get(user_id)
        if row is None:
            raise NotAuthenticated("This account no longer exists.")
        return row

    async def _confirmed(self, user: User, password: str, field: str) -> Account:
        row = await self._known(user.id)
        if not await self._hasher.matches(password, row.password_hash):
            raise _wrong_password(field)
        return row


def _wrong_password(field: str) -> WrongPassword:
    detail = "The password is wrong."
    return WrongPassword(detail, errors=[FieldError(field, detail)])


def _taken(taken: Taken, email: str | None, username: str | None) -> Conflict:
    if taken.field == "username":
        detail = f"The username {username} is already in use. Choose another one."
        return UsernameTaken(detail, errors=[FieldError("username", detail)])
    detail = f"An account with the email address {email} already exists. Log in or use another address."
    return AddressTaken(detail, errors=[FieldError("email", detail)])


def _profile(row: Account) -> Profile:
    return Profile(
        id=row.id,
        email=row.email,
        username=row.username,
        name=row.name,
        bio=row.bio,
        role=row.role,
        preferences=Preferences.model_validate(row.preferences),
        created_at=row.created_at,
    )
