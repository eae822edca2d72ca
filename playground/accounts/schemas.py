"""The shapes of accounts on the wire."""

import unicodedata
from contextlib import suppress
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, EmailStr, Field, SecretStr, model_validator
from pydantic.networks import validate_email

from playground.accounts.passwords.common import is_common
from playground.kit.pages import Page
from playground.kit.text import CleanText, clean
from playground.kit.wire import GivenMoment, Moment, WireInput, WireModel, at_most, fields_at_fault

from .roles import Role

_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 8, 256
_LONGEST_GIVEN = 1_024
"""Maximum length of a password in characters as sent, before normalization, which may shorten it."""


def _normal(secret: SecretStr) -> SecretStr:
    return SecretStr(unicodedata.normalize("NFC", clean(secret.get_secret_value())))


def _usable_password(secret: SecretStr) -> SecretStr:
    password = secret.get_secret_value()
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise ValueError(f"should have {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
    if is_common(password):
        raise ValueError("is one of the most common passwords, which attackers try first; choose another one")
    return secret


def normal_account(name: str) -> str:
    """Return the email address or username `name` in the form that is stored.

    An address may be sent with surrounding spaces, in Punycode, and in any Unicode normal form.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if "@" in name:
        with suppress(ValueError):  # Otherwise no account has this address, as the service will report.
            name = validate_email(name)[1]
    return name.lower()


GivenPassword = Annotated[SecretStr, Field(max_length=_LONGEST_GIVEN, examples=["correct horse battery staple"]), AfterValidator(_normal)]
"""A password to check."""
Password = Annotated[
    SecretStr,
    Field(
        max_length=_LONGEST_GIVEN,
        examples=["correct horse battery staple"],
        json_schema_extra={"minLength": _SHORTEST_PASSWORD, "maxLength": _LONGEST_PASSWORD},
    ),
    AfterValidator(_normal),
    AfterValidator(_usable_password),
]
"""A new password."""
Email = Annotated[EmailStr, AfterValidator(str.lower), Field(examples=["ada@example.org"])]
Username = Annotated[
    str,
    Field(min_length=3, max_length=32, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", examples=["ada"]),
    AfterValidator(str.lower),
]
"""Letters, digits, and `._-` between them. Case is ignored."""
Name = Annotated[CleanText, Field(min_length=1, max_length=100, examples=["Ada"])]
GivenToken = Annotated[str, Field(min_length=1, max_length=200)]
"""The token of an invitation or a password reset."""


class _WantsTokens(WireInput):
    cookie: bool = False
    """True: the refresh token is set as the cookie `playground_refresh`, which scripts can't read, instead of in the response."""


class Registration(_WantsTokens):
    """A new account."""

    email: Email
    password: Password
    name: Name
    username: Username | None = None
    invitation: GivenToken | None = None
    """The token of an invitation, if one is needed."""


class Login(_WantsTokens):
    """The email address or the username of an account, and its password."""

    email: Annotated[CleanText, AfterValidator(normal_account), Field(max_length=320, examples=["ada@example.org"])] | None = None
    username: Annotated[CleanText, AfterValidator(normal_account), Field(max_length=320, examples=["ada"])] | None = None
    """An email address is accepted here too, and a username in `email`: for a form with one field for both."""
    password: GivenPassword

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if (self.email is None) == (self.username is None):
            raise fields_at_fault("send either `email` or `username`", "email", "username")
        return self

    @property
    def account(self) -> str:
        """Return the email address or username, in lower case."""
        return self.email or self.username or ""


class Refresh(WireInput):
    """A refresh token to exchange for new tokens. Absent: the cookie is used."""

    refresh_token: Annotated[str, Field(max_length=4096)] | None = None


class PasswordChange(_WantsTokens):
    """The current password and the new one."""

    current_password: GivenPassword
    new_password: Password


class PasswordConfirmation(WireInput):
    """The password again, to confirm something that can't be undone."""

    password: GivenPassword


class ForgottenPassword(WireInput):
    """The email address of the account whose password is forgotten."""

    email: Annotated[CleanText, AfterValidator(normal_account), Field(max_length=320, examples=["ada@example.org"])]


class Asked(WireModel):
    """The response to every request for a password reset."""

    message: str = "If an account with this email address exists, a mail with a link to reset the password is on its way."


class PasswordReset(WireInput):
    """The token from the mail and the new password."""

    token: GivenToken
    password: Password


class TokenPair(WireModel):
    """The tokens of a login. `expires_in` is the lifetime of the access token in seconds."""

    access_token: str
    refresh_token: str | None
    """Null: it is set as a cookie."""
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int


Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", examples=["de-AT"])]
"""A language tag (BCP 47)."""
_ModelName = Annotated[CleanText, Field(min_length=1, max_length=300)]
DefaultModels = Annotated[list[_ModelName], at_most(16), Field(max_length=16, examples=[["sim/quick", "sim/careful"]])]


class Preferences(WireModel):
    """The user's settings for the page."""

    theme: Literal["light", "dark", "system"] = "system"
    language: Language = "en"
    default_models: DefaultModels = Field(default_factory=list)
    """The models of a new comparison."""
    notifications: bool = False
    """Whether the page notifies the user when a comparison in the background has ended."""


class PreferencesChange(Preferences):
    """Absent fields stay the same."""

    model_config = ConfigDict(extra="forbid")


class Profile(WireModel):
    """An account as its owner sees it."""

    id: str
    email: str | None
    username: str | None
    name: str
    bio: str
    role: Role
    preferences: Preferences
    created_at: Moment


class ProfileChange(WireInput):
    """Changes to an account. Absent fields stay the same. A `username` of null removes the username."""

    name: Name | None = None
    bio: Annotated[CleanText, Field(max_length=2_000)] | None = None
    username: Username | None = None
    preferences: PreferencesChange | None = None


class Registered(TokenPair):
    """A new account, logged in."""

    user: Profile


class Verified(WireModel):
    """The account that an access token belongs to, and when the token expires."""

    user: Profile
    login_id: str
    expires_at: Moment


class LoginEntry(WireModel):
    """One of the user's logins: a device or a script."""

    id: str
    current: bool
    """Whether this is the login of the request."""
    created_at: Moment
    last_used_at: Moment
    """When the login last got new tokens."""
    expires_at: Moment
    """When the login expires, unless it gets new tokens before."""
    address: str | None
    user_agent: str | None


class LoginPage(Page[LoginEntry]):
    """A page of logins, newest first. `next_cursor` leads to the next page; null: this is the last one."""


class NewInvitation(WireInput):
    """An invitation to create."""

    email: Email | None = None
    """Only this address can use the invitation, and it is sent there. Absent: anyone with the token."""
    role: Role = "user"
    expires_at: GivenMoment | None = None
    """When the invitation expires. Absent: after `INVITATION_SECONDS`."""


class Invitation(WireModel):
    """An invitation as administrators see it."""

    id: str
    email: str | None
    role: Role
    invited_by: str
    created_at: Moment
    expires_at: Moment
    used_at: Moment | None
    used_by: str | None
    """The id of the account that was created with it."""


class IssuedInvitation(Invitation):
    """A new invitation. Its token is only shown in this response."""

    token: str
    link: str | None
    """The link to the registration page; null without `PUBLIC_URL`."""


class InvitationPage(Page[Invitation]):
    """A page of invitations, newest first. `next_cursor` leads to the next page; null: this is the last one."""
