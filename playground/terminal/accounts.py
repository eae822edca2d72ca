"""The work of `playground user`: the same as administrators do over HTTP, directly in the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic import SecretStr, TypeAdapter, ValidationError

from playground.accounts.last_administrator import NoOtherAdministrator
from playground.accounts.passwords.hashing import PasswordHasher, refuse_likeness
from playground.accounts.passwords.repository import PasswordRepository
from playground.accounts.repository import Account, NewAccount, Taken, UserRepository
from playground.accounts.roles import Role
from playground.accounts.schemas import Password, Registration, normal_account
from playground.administration.users.repository import AccountRepository, ListedAccount, Place, UserFilter
from playground.database.audit import Audit
from playground.database.client import Database, DatabaseAway
from playground.keys.api_keys.service import ApiKeyService, TooManyApiKeys
from playground.keys.repository import ApiKeyRepository
from playground.keys.schemas import DEFAULT_SCOPES, MadeApiKey, NewApiKey
from playground.kit import logs
from playground.kit.announcements import Announcements, RedisAnnouncements
from playground.kit.cache import FRESH_SECONDS
from playground.kit.errors import BadInput, StartupError
from playground.kit.ids import new_id
from playground.kit.redis_connection import open_redis
from playground.settings import Settings

from .plain import plain

_PAGE = 200
_APPLIED_IMMEDIATELY = "A running service applies this immediately."
_APPLIED_SOON = f"A running service applies this within {FRESH_SECONDS:.0f} seconds (immediately if REDIS_URL is set)."


class Refused(Exception):
    """The command can't be done. The message is for the person at the terminal."""


class Given(NamedTuple):
    """A new account."""

    email: str
    role: Role


class Changed(NamedTuple):
    """The result of a change."""

    account: str
    """The email address, or else the username or the name."""
    anything: bool
    when: str
    """When a running service applies it."""


class _Accounts(NamedTuple):
    users: UserRepository
    passwords: PasswordRepository
    repository: AccountRepository
    announcements: Announcements
    keys: ApiKeyService

    @property
    def when(self) -> str:
        return _APPLIED_IMMEDIATELY if isinstance(self.announcements, RedisAnnouncements) else _APPLIED_SOON

    async def find(self, name: str) -> Account:
        row = await self.repository.find(normal_account(name) if "@" in name else name)
        if row is None:
            raise Refused(f"There is no account {name}. Use its email address, username or id, as shown by `playground user list`.")
        return row


def check_registration(email: str, name: str, password: str) -> Registration:
    """Return the fields of a new account. Raises `ValueError` that says what is wrong with which field."""
    try:
        return Registration.model_validate({"email": email, "name": name, "password": password})
    except ValidationError as error:
        raise ValueError(_messages(error)) from None


def check_password(password: str) -> SecretStr:
    """Return the password if it is acceptable. Raises `ValueError` that says why it isn't."""
    try:
        return TypeAdapter(Password).validate_python(password)
    except ValidationError as error:
        raise ValueError(_messages(error)) from None


async def create_account(registration: Registration, role: Role) -> Given:
    """Create an account. The first becomes an administrator. Raises `Refused`, `StartupError`."""
    _check_likeness(registration.password, registration.email, None)
    password_hash = await PasswordHasher().hash(registration.password.get_secret_value())
    async with _opened() as accounts:
        try:
            new = NewAccount(new_id(), registration.email, None, registration.name, password_hash, role)
            row = await accounts.users.create(new, at_terminal=True)
        except Taken:
            raise Refused(f"An account with the email address {registration.email} already exists.") from None
        return Given(registration.email, row.role)


async def change_role(account: str, role: Role) -> Changed:
    """Change the role of an account. Raises `Refused`, `StartupError`."""
    async with _opened() as accounts:
        row = await accounts.find(account)
        try:
            changed = await accounts.repository.change(row.id, {"role": role}, actor_id=None)
        except NoOtherAdministrator:
            raise Refused(f"{_called(row)} is the only active administrator. Promote another user first.") from None
        await accounts.announcements.announce("user", row.id)
        return Changed(_called(row), bool(changed), accounts.when)


async def change_password(account: str, password: SecretStr) -> Changed:
    """Set a new password for an account. Raises `Refused`, `StartupError`."""
    password_hash = await PasswordHasher().hash(password.get_secret_value())
    async with _opened() as accounts:
        row = await accounts.find(account)
        _check_likeness(password, row.email, row.username)
        await accounts.passwords.set(row.id, password_hash, actor_id=None)
        await accounts.announcements.announce("user", row.id)
        return Changed(_called(row), True, accounts.when)


async def create_key(account: str, name: str, scopes: list[str] | None, days: int | None) -> MadeApiKey:
    """Create an API key for an account. Raises `Refused`, `StartupError`."""
    try:
        expires_at = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
        wanted = NewApiKey.model_validate({"name": name, "scopes": scopes or DEFAULT_SCOPES, "expiresAt": expires_at})
    except ValidationError as error:
        raise Refused(_messages(error)) from None
    async with _opened() as accounts:
        row = await accounts.find(account)
        try:
            return await accounts.keys.make(row.id, wanted)
        except TooManyApiKeys as error:
            raise Refused(f"{_called(row)} has the maximum number of API keys. {error.detail.partition('. ')[2]}") from None


async def all_accounts(search: str | None, role: Role | None) -> Sequence[str]:
    """Return the accounts as lines of a table. Raises `StartupError`."""
    rows: list[ListedAccount] = []
    async with _opened() as accounts:
        after, more = None, True
        while more:
            wanted = UserFilter(text=search, role=role)
            page = await accounts.repository.page("terminal", wanted, sort="created_at", descending=False, after=after, limit=_PAGE)
            rows += page
            more = len(page) == _PAGE
            after = Place(page[-1].sort_key, page[-1].id) if page else None
    return _table(rows) if rows else ["No matching accounts." if search or role else "There are no accounts yet."]


@asynccontextmanager
async def _opened() -> AsyncIterator[_Accounts]:
    settings = Settings.load(log_level="error")
    logs.configure(settings)
    try:
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(Database.open(settings))
            announcements = await _announcements(settings, stack)
            audit = Audit(database)
            keys = ApiKeyService(ApiKeyRepository(database, audit), announcements)
            yield _Accounts(UserRepository(database), PasswordRepository(database), AccountRepository(database, audit), announcements, keys)
    except DatabaseAway as error:
        raise StartupError(error.detail) from None


async def _announcements(settings: Settings, stack: AsyncExitStack) -> Announcements:
    try:
        redis = await stack.enter_async_context(open_redis(settings))
    except StartupError:
        redis = None  # Changes can't be announced then; each service loads them again after a while.
    return Announcements() if redis is None else RedisAnnouncements(redis)


def _check_likeness(password: SecretStr, email: str | None, username: str | None) -> None:
    try:
        refuse_likeness(password, email, username, field="password")
    except BadInput as error:
        raise Refused(error.detail) from None


def _messages(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'password'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_input=False)
    )


def _called(row: Account) -> str:
    return row.email or row.username or plain(row.name)


def _table(rows: Sequence[ListedAccount]) -> list[str]:
    lines = [("EMAIL", "USERNAME", "NAME", "ROLE", "STATE", "CREATED", "LAST LOGIN", "ID")]
    lines += [
        (
            row.email or "-",
            row.username or "-",
            plain(row.name).replace("\n", " ").replace("\t", " "),
            row.role,
            "active" if row.active else "locked",
            _day(row.created_at),
            _day(row.last_login_at),
            row.id,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _day(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
