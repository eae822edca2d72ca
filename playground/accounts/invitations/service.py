"""Invitations, which let people register where registration is not open."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from playground.accounts.account_mails import AccountMails
from playground.accounts.identity import User
from playground.accounts.one_time_tokens import hash_of, new_token
from playground.accounts.repository import UserRepository
from playground.accounts.schemas import Invitation, InvitationPage, IssuedInvitation, NewInvitation
from playground.accounts.service import AddressTaken
from playground.kit.errors import BadInput, FieldError, NotFound
from playground.kit.ids import new_id
from playground.kit.mail import Mailer

from .repository import InvitationRepository

_LONGEST = timedelta(days=366)


class InvitationNotFound(NotFound):
    """The invitation doesn't exist."""


class Invitations:
    """Creates, lists and revokes invitations."""

    def __init__(
        self, repository: InvitationRepository, users: UserRepository, mailer: Mailer, mails: AccountMails, *, seconds: int
    ) -> None:
        self._repository = repository
        self._users = users
        self._mailer = mailer
        self._mails = mails
        self._lifetime = timedelta(seconds=seconds)

    async def issue(self, administrator: User, wanted: NewInvitation) -> IssuedInvitation:
        """Create an invitation, and send it by mail if it is for an address. Raises `AddressTaken`, `BadInput`."""
        expires_at = self._end(wanted.expires_at)
        if wanted.email is not None and await self._users.find(wanted.email) is not None:
            detail = f"An account with the email address {wanted.email} already exists."
            raise AddressTaken(detail, errors=[FieldError("email", detail)])
        token = new_token()
        row = await self._repository.create(
            new_id(),
            token_hash=hash_of(token),
            email=wanted.email,
            role=wanted.role,
            invited_by=administrator.id,
            expires_at=expires_at,
        )
        if wanted.email is not None:
            self._mailer.send_soon(self._mails.invitation(wanted.email, token, expires_at))
        return IssuedInvitation(**asdict(row), token=token, link=self._mails.invitation_link(token))

    async def page(self, *, cursor: str | None, limit: int) -> InvitationPage:
        """Return a page of invitations, newest first. Expired ones are listed for one more day."""
        rows = await self._repository.page(cursor=cursor, limit=limit + 1)
        return InvitationPage.of(rows, limit, item=lambda row: Invitation(**asdict(row)), cursor=lambda row: row.id)

    async def withdraw(self, administrator: User, invitation_id: str) -> None:
        """Delete an invitation, which makes its token invalid. Raises `InvitationNotFound`."""
        if not await self._repository.delete(invitation_id, actor_id=administrator.id):
            raise InvitationNotFound("This invitation doesn't exist.")

    def _end(self, wanted: datetime | None) -> datetime:
        now = datetime.now(UTC)
        if wanted is None:
            return now + self._lifetime
        if not now < wanted <= now + _LONGEST:
            detail = "should be in the future and at most a year from now"
            raise BadInput.at("expiresAt", detail)
        return wanted
