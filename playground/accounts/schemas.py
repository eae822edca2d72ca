"""The shapes of accounts on the wire."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, EmailStr, Field, SecretStr

from playground.schemas import Moment, WireInput, WireModel
from playground.text import CleanText, clean

from .identity import Role


def _usable_password(secret: SecretStr) -> SecretStr:
    password = unicodedata.normalize("NFC", clean(secret.get_secret_value()))
    if not 8 <= len(password) <= 256:
        raise ValueError("should have 8 to 256 characters")
    return SecretStr(password)


Password = Annotated[
    SecretStr,
    AfterValidator(_usable_password),
    Field(examples=["correct horse battery staple"], json_schema_extra={"minLength": 8, "maxLength": 256}),
]


class Registration(WireInput):
    """A new account."""

    email: Annotated[EmailStr, AfterValidator(str.lower), Field(examples=["ada@example.org"])]
    password: Password
    name: Annotated[CleanText, Field(min_length=1, max_length=100, examples=["Ada"])]


class Login(WireInput):
    """Email and password of an account."""

    email: Annotated[CleanText, AfterValidator(str.lower), Field(max_length=320, examples=["ada@example.org"])]
    password: Annotated[SecretStr, Field(max_length=1024, examples=["correct horse battery staple"])]


class Refresh(WireInput):
    """A refresh token, to be changed for new tokens."""

    refresh_token: Annotated[str, Field(max_length=4096)]


class TokenPair(WireModel):
    """What a login gives. `expires_in` is of the access token, in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int


class Profile(WireModel):
    """An account, as its owner sees it."""

    id: str
    email: str | None
    name: str
    role: Role
    created_at: Moment


class Registered(TokenPair):
    """A new account, logged in."""

    user: Profile
