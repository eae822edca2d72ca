"""Password resets by mail."""

from datetime import UTC, datetime, timedelta

import anyio
import structlog
from anyio.abc import TaskGroup

from playground.accounts.account_mails import AccountMails
from playground.accounts.one_time_tokens import hash_of, new_token
from playground.accounts.schemas import PasswordReset
from playground.kit.announcements import Announcements
from playground.kit.errors import BadInput, FieldError
from playground.kit.ids import new_id
from playground.kit.mail import Mailer

from .hashing import PasswordHasher, refuse_likeness
from .repository import PasswordRepository

_MOST_OPEN = 3
"""Maximum number of valid links per account, and so of mails in that time."""
_AT_ONCE = 4

_logger = structlog.get_logger(__name__)


class ResetRefused(BadInput):
    """The token to reset the password is unknown, used or expired."""

    code = "reset_refused"
    title = "The password reset link is not valid"

    def __init__(self) -> None:
        detail = "The token is unknown, used or expired. Request a new one."
        super().__init__(detail, errors=[FieldError("token", detail)])


class PasswordResets:
    """Sends links to reset a password, and accepts them."""

    def __init__(
        self,
        repository: PasswordRepository,
        hasher: PasswordHasher,
        mailer: Mailer,
        mails: AccountMails,
        announcements: Announcements,
        task_group: TaskGroup,
        *,
        seconds: int,
    ) -> None:
        self._repository = repository
        self._hasher = hasher
        self._mailer = mailer
        self._mails = mails
        self._announcements = announcements
        self._task_group = task_group
        self._seconds = seconds
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    def send_link_soon(self, email: str) -> None:
        """Send a link if the account exists. In the background, so that neither response nor its time reveals whether it does."""
        self._task_group.start_soon(self._send_link, email)

    async def _send_link(self, email: str) -> None:
        token, expires_at = new_token(), datetime.now(UTC) + timedelta(seconds=self._seconds)
        try:
            async with self._limiter:
                user_id = await self._repository.open_reset(
                    new_id(), email=email, token_hash=hash_of(token), expires_at=expires_at, most_open=_MOST_OPEN
                )
        except Exception:
            _logger.exception("password_reset_failed")
            return
        if user_id is None:
            _logger.info("password_reset_for_nobody")
            return
        _logger.info("password_reset_asked", user_id=user_id)
        self._mailer.send_soon(self._mails.reset(email, token, expires_at))

    async def reset(self, reset: PasswordReset) -> None:
        """Set a new password with a link's token, and end all logins. Raises `ResetRefused`, `BadInput`."""
        token_hash = hash_of(reset.token)
        account = await self._repository.account_of_reset(token_hash)
        if account is None:
            raise ResetRefused
        refuse_likeness(reset.password, account.email, account.username, field="password")
        user_id = await self._repository.use_reset(token_hash, await self._hasher.hash(reset.password.get_secret_value()))
        if user_id is None:
            raise ResetRefused
        await self._announcements.announce("user", user_id)
