"""Opens the room: accounts, logins, invitations, and the identity of requests."""

from playground.attachments.service import Attachments
from playground.comparison.opening import ComparisonRoom
from playground.comparison.streams import Streams
from playground.database.foundation import Foundation
from playground.keys.opening import KeysRoom
from playground.kit.mail import Mailer

from .account_mails import AccountMails
from .cleanup import ExpiredRowCleanup
from .export.repository import ExportRepository
from .export.service import Export
from .identity import Identities
from .invitations.repository import InvitationRepository
from .invitations.service import Invitations
from .logins.repository import LoginRepository
from .logins.service import Logins
from .logins.signed_tokens import Tokens
from .logins.tickets import Tickets, UsedTicketsInMemory, UsedTicketsInRedis
from .passwords.hashing import PasswordHasher
from .passwords.repository import PasswordRepository
from .passwords.resets import PasswordResets
from .repository import UserRepository
from .run_termination import RunTermination
from .service import AccountService


def open_accounts(foundation: Foundation, keys: KeysRoom, comparison: ComparisonRoom, attachments: Attachments) -> None:
    """Open the room."""
    settings, database, announcements, tasks = foundation.settings, foundation.database, foundation.announcements, foundation.tasks
    users, passwords = UserRepository(database), PasswordRepository(database)
    tokens = Tokens(
        settings.signing_secrets(), access_seconds=settings.access_token_seconds, refresh_seconds=settings.refresh_token_seconds
    )
    identities = Identities(
        users,
        tokens,
        announcements,
        key_used=keys.last_uses.record,
        user_seen=lambda user_id: tasks.start_soon(keys.user_keys.prepare, user_id),
    )
    hasher, mails, mailer = PasswordHasher(), AccountMails(settings.public_url), Mailer.of(settings, tasks)
    logins = Logins(LoginRepository(database), tokens, identities, announcements)
    used_tickets = UsedTicketsInMemory() if foundation.redis is None else UsedTicketsInRedis(foundation.redis)
    tickets = Tickets(tokens, identities, used_tickets, seconds=settings.ticket_seconds)
    RunTermination(comparison.runs, users, announcements, tasks)
    foundation.services.add(
        identities,
        logins,
        tickets,
        Streams(tickets, comparison.history, send_timeout_seconds=settings.send_timeout_seconds),
        AccountService(users, passwords, hasher, tokens, logins, announcements, registration=settings.registration),
        PasswordResets(passwords, hasher, mailer, mails, announcements, tasks, seconds=settings.password_reset_seconds),
        Invitations(InvitationRepository(database), users, mailer, mails, seconds=settings.invitation_seconds),
        Export(ExportRepository(database), comparison.history, attachments),
    )
    tasks.start_soon(ExpiredRowCleanup(users).run_forever)
