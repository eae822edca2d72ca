"""The shapes of keys on the wire."""

import re
from datetime import UTC, datetime
from typing import Annotated, get_args

from pydantic import AfterValidator, Field, SecretStr

from playground.accounts.identity import Scope
from playground.kit.text import CleanText, not_blank
from playground.kit.wire import GivenMoment, Moment, WireInput, WireModel, at_most
from playground.providers.base_urls import base_url_of

SCOPES: tuple[Scope, ...] = get_args(Scope)
DEFAULT_SCOPES: tuple[Scope, ...] = ("stream", "sessions:read", "models:read")
"""Enough to compare models and see the results; nothing that changes records or shows other users' costs."""

_SHORTEST_KEY, _LONGEST_KEY = 8, 1_000


def _in_the_future(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise ValueError("should be in the future")
    return moment


def _in_order(scopes: list[Scope]) -> list[Scope]:
    return [scope for scope in SCOPES if scope in scopes]


def _usable_key(secret: SecretStr) -> SecretStr:
    # A copied key often has a trailing space or line end.
    key = secret.get_secret_value().strip()
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(f"should have {_SHORTEST_KEY} to {_LONGEST_KEY} characters")
    if not re.fullmatch(r"[!-~]+", key):
        raise ValueError("contains characters that keys don't have, such as spaces or dots in place of letters; copy it again")
    return SecretStr(key)


class NewApiKey(WireInput):
    """An API key to create."""

    name: Annotated[
        CleanText, AfterValidator(not_blank), AfterValidator(str.strip), Field(min_length=1, max_length=100, examples=["Nightly benchmark"])
    ]
    scopes: Annotated[list[Scope], AfterValidator(_in_order), at_most(20), Field(min_length=1, max_length=20)] = Field(
        default=list(DEFAULT_SCOPES), description="What the key can be used for."
    )
    expires_at: Annotated[GivenMoment, AfterValidator(_in_the_future)] | None = Field(
        default=None, description="When the key expires. Null: never.", examples=["2030-01-01T00:00:00Z"]
    )


class ApiKey(WireModel):
    """An API key as its owner sees it. The key itself is only shown when it is created."""

    id: str
    name: str
    prefix: str = Field(examples=["pg_4fQz81Lw"], description="The first characters of the key, by which its owner recognises it.")
    scopes: list[Scope]
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None = Field(description="When the key was last used, rounded down to the minute; null: never.")


class MadeApiKey(ApiKey):
    """A new API key. `key` is only shown in this response."""

    key: str


class ApiKeyList(WireModel):
    """The user's API keys, newest first."""

    items: list[ApiKey]


class ProviderKeyInput(WireInput):
    """A user's key for a provider, and the address to use it with if it isn't the provider's usual one."""

    key: Annotated[SecretStr, AfterValidator(_usable_key), Field(examples=["sk-proj-0123456789abcdef"])]
    base_url: Annotated[CleanText, Field(max_length=500), AfterValidator(base_url_of)] | None = Field(
        default=None,
        examples=["https://gateway.example.org/v1"],
        description="A public address with https; null: the provider's usual address.",
    )


class ProviderKey(WireModel):
    """A user's key for a provider. The key itself is never shown again."""

    provider: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    hint: str = Field(examples=["cdef"], description="The key's last four characters.")
    base_url: str | None
    readable: bool = Field(description="False: the key can no longer be decrypted and must be stored again.")
    created_at: Moment
    updated_at: Moment


class KeyProvider(WireModel):
    """A provider that users can store a key for."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    available: bool = Field(description="The provider's models can be used without a key of the user.")
    needs_base_url: bool = Field(description="A server of the operator that needs no key: a key needs a `baseUrl`.")


class ProviderKeyList(WireModel):
    """The user's keys, sorted by provider, and the providers that users can store a key for."""

    items: list[ProviderKey]
    providers: list[KeyProvider]


class ProviderKeyTest(WireModel):
    """The result of testing a key with its provider."""

    works: bool | None = Field(description="Null: could not be determined.")
    code: str | None = Field(examples=["wrong_key"], description="The error code, if the provider failed.")
    message: str = Field(description="The result in words.")
    models: int | None = Field(description="How many models the provider lists for this key.")
