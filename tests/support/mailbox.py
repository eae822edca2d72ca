"""A mail server for tests: aiosmtpd on a free port, and what it was given."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import SimpleQueue
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from anyio.to_thread import run_sync

_TIMEOUT_SECONDS = 20


class Mailbox:
    """What came, in its order. `refusals` are answered to the first mails in place of taking them."""

    def __init__(self, refusals: Sequence[str] = ()) -> None:
        self.port = 0
        self.asked = 0
        self.sessions: list[Session] = []
        self._refusals = list(refusals)
        # Also for a server in another thread's event loop.
        self._mails: SimpleQueue[EmailMessage] = SimpleQueue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        self.asked += 1
        self.sessions.append(session)
        if self._refusals:
            return self._refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        self._mails.put(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    async def next(self) -> EmailMessage:
        """The next mail."""
        return await run_sync(lambda: self._mails.get(timeout=_TIMEOUT_SECONDS))

    def empty(self) -> bool:
        return self._mails.empty()


@asynccontextmanager
async def mail_server(
    *, refusals: Sequence[str] = (), tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, password: str | None = None
) -> AsyncIterator[Mailbox]:
    """A server that asks for `password`, where one is given, and for encryption, where it can do that."""
    mailbox = Mailbox(refusals)

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=isinstance(given, LoginPassword) and given.password.decode() == password, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # That a password should not be asked for without encryption, it says. Here it is.
            warnings.simplefilter("ignore")
            return SMTP(
                mailbox,
                hostname="localhost",
                enable_SMTPUTF8=True,
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=authenticate if password is not None else None,
                auth_required=password is not None,
                auth_require_tls=False,
            )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()


def text_of_mail(mail: EmailMessage) -> str:
    return str(mail.get_content())
