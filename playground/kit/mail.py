"""Sends mails in the background, through an SMTP server, or into a folder if there is none."""

import os
import time
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr
from pathlib import Path
from typing import Protocol

import aiosmtplib
import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync

from playground.settings import Settings

from .ids import new_id

_TIMEOUT_SECONDS = 20.0
_PAUSES = (0.5, 5.0, 30.0, 120.0)
"""Seconds before each further attempt: enough for a server that restarts, or that refuses the first attempt (greylisting)."""
_AT_ONCE = 4
_MOST_WAITING = 1_000

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. `kind` is for the log, which contains neither addresses nor texts, because of the tokens in them."""

    kind: str
    to: str
    subject: str
    text: str


class NotDelivered(Exception):
    """The mail was not accepted."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good
        """Whether another attempt would be useless."""


class Carrier(Protocol):
    """A way to deliver mails."""

    async def deliver(self, message: EmailMessage) -> None:
        """Deliver a mail. Raises `NotDelivered`."""


class SmtpServer:
    """Sends mails to an SMTP server, with one connection per mail."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def deliver(self, message: EmailMessage) -> None:
        """Send a mail. Raises `NotDelivered`, without the server's message, which may quote the mail."""
        settings = self._settings
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                timeout=_TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(_reason(error), for_good=_is_for_good(error)) from None


class Outbox:
    """Writes mails into a folder, for an operator without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, message: EmailMessage) -> None:
        """Write a mail into its own file, which only its owner can read. Raises `NotDelivered`."""
        path = self._folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{new_id()}.eml"
        try:
            await run_sync(_write_privately, path, message.as_bytes(policy=policy.SMTP))
        except OSError as error:
            raise NotDelivered(f"{path}: {error.strerror}", for_good=False) from None
        _logger.info("mail_written", path=str(path))


class Mailer:
    """Sends mails in the background, and tries again when they are not accepted."""

    def __init__(self, carrier: Carrier, task_group: TaskGroup, *, sender: str) -> None:
        self._carrier = carrier
        self._task_group = task_group
        self._sender = sender
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._waiting = 0

    @classmethod
    def of(cls, settings: Settings, task_group: TaskGroup) -> "Mailer":
        """Return the mailer for the settings."""
        carrier = SmtpServer(settings) if settings.smtp_host else Outbox(settings.data_dir / "outbox")
        return cls(carrier, task_group, sender=settings.mail_from)

    def send_soon(self, mail: Mail) -> None:
        """Send a mail in the background. Failures are logged."""
        if self._waiting >= _MOST_WAITING:
            _logger.error("mail_dropped", kind=mail.kind, reason=f"{self._waiting} others are waiting")
            return
        self._waiting += 1
        self._task_group.start_soon(self._send, mail)

    async def _send(self, mail: Mail) -> None:
        try:
            await self._try(mail.kind, self._message(mail))
        except Exception:
            _logger.exception("mail_lost", kind=mail.kind)
        finally:
            self._waiting -= 1

    async def _try(self, kind: str, message: EmailMessage) -> None:
        for attempt, pause in enumerate((*_PAUSES, None), 1):
            try:
                async with self._limiter:
                    await self._carrier.deliver(message)
            except NotDelivered as error:
                if error.for_good or pause is None:
                    _logger.error("mail_not_sent", kind=kind, reason=str(error), attempts=attempt)
                    return
                _logger.warning("mail_delayed", kind=kind, reason=str(error), again_in_seconds=pause)
                await anyio.sleep(pause)
            else:
                _logger.info("mail_sent", kind=kind, attempts=attempt)
                return

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2] or None)
        # Suppresses automatic replies (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message


def _write_privately(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _reason(error: Exception) -> str:
    code = getattr(error, "code", None)
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        code = ", ".join(str(each.code) for each in error.recipients)
    if code:
        return f"{type(error).__name__} {code}"
    return f"{type(error).__name__}: {error}"


def _is_for_good(error: Exception) -> bool:
    """Return whether the server permanently refused the mail (5xx), and was not just unavailable or busy (RFC 5321, 4.2.1)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(each.code >= 500 for each in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code >= 500
    # An invalid certificate is also an OSError, and may be renewed at any time.
    return isinstance(error, aiosmtplib.SMTPNotSupported) or not isinstance(error, aiosmtplib.SMTPException | OSError)
