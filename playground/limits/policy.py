"""Which limits apply to a user: those of the role, or those that an administrator set for the user instead.

The names of the limits in headers and errors:

    address-requests   requests without a login, per address
    auth               per address: logging in, registering, password resets, and all requests to /auth without a login, except
                       /auth/refresh; per user: requests that confirm the password
    user-requests      requests of a user
    streams            runs that a user starts
    daily-requests     turns in a day (UTC), each for any number of models
    monthly-requests   turns in a month (UTC)
    monthly-tokens     tokens of prompts and answers
    monthly-budget     US dollars
    storage            megabytes of attached files, each content counted once
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

import structlog
from cachetools import LRUCache
from pydantic import Field, PlainSerializer, ValidationError

from playground import settings as settings_types
from playground.accounts.identity import User
from playground.accounts.roles import Role
from playground.kit.wire import WireInput, money
from playground.settings import Settings

from .windows import Rate

_logger = structlog.get_logger(__name__)

_RateText = Annotated[settings_types.Rate, Field(examples=["2000 per 15 minutes"])]
_Count = Annotated[settings_types.Quota, Field(examples=[500])]
_Dollars = Annotated[
    settings_types.Budget,
    PlainSerializer(lambda amount: None if amount is None else money(amount), return_type=str | None),
    Field(examples=["25.00"]),
]


class LimitOverrides(WireInput):
    """Limits of a single user. Absent: the role's limit applies. `null`: no limit."""

    requests: _RateText = Field(default=None, description="API requests, such as `1000 per 15 minutes`.")
    streams: _RateText = Field(default=None, description="Streams that the user starts, such as `50 per hour`.")
    daily_requests: _Count = Field(default=None, description="Turns in a day (UTC).")
    monthly_requests: _Count = Field(default=None, description="Turns in a month (UTC).")
    monthly_tokens: _Count = Field(default=None, description="Tokens of prompts and answers in a month (UTC).")
    monthly_budget: _Dollars = Field(default=None, description="US dollars in a month (UTC).")
    storage_mb: _Count = Field(default=None, description="Megabytes (1,048,576 bytes) of attached files.")

    def stored(self) -> dict[str, Any]:
        """Return the limits as JSON for `users.limits`, only those that were set."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one user. `None`: no limit."""

    requests: Rate | None
    streams: Rate | None
    daily_requests: int | None
    monthly_requests: int | None
    monthly_tokens: int | None
    monthly_budget: Decimal | None
    """US dollars."""
    storage_mb: int | None = None

    @property
    def storage(self) -> int | None:
        """What files may take, in bytes."""
        return None if self.storage_mb is None else self.storage_mb * 1_048_576

    @property
    def by_run(self) -> bool:
        """Return whether something must be reserved before a run."""
        return self.daily_requests is not None or self.monthly_requests is not None or self.by_size

    @property
    def by_size(self) -> bool:
        """Return whether the length of a run's answers matters."""
        return self.monthly_tokens is not None or self.monthly_budget is not None


class Policy:
    """The limits of all users."""

    def __init__(self, settings: Settings) -> None:
        self.address = Rate.parse("address-requests", settings.limit_address_requests)
        self.auth = Rate.parse("auth", settings.limit_auth)
        requests = Rate.parse("user-requests", settings.limit_user_requests)
        streams = Rate.parse("streams", settings.limit_streams)
        self._by_role: Mapping[Role, Limits] = {
            "user": Limits(
                requests,
                streams,
                settings.user_daily_requests,
                settings.user_monthly_requests,
                settings.user_monthly_tokens,
                settings.user_monthly_budget,
                settings.user_storage_mb,
            ),
            "premium": Limits(
                requests,
                streams,
                settings.premium_daily_requests,
                settings.premium_monthly_requests,
                settings.premium_monthly_tokens,
                settings.premium_monthly_budget,
                settings.premium_storage_mb,
            ),
            "admin": Limits(requests, None, None, None, None, None),
        }
        # Cached, because every request reads it.
        self._overridden: LRUCache[tuple[Role, str], Limits] = LRUCache(1_000)

    def of(self, user: User) -> Limits:
        """Return the limits of `user`."""
        if not user.limits:
            return self._by_role[user.role]
        key = user.role, json.dumps(dict(user.limits), sort_keys=True)
        limits = self._overridden.get(key)
        if limits is None:
            limits = self._overridden[key] = _overridden(self._by_role[user.role], user)
        return limits


def _overridden(limits: Limits, user: User) -> Limits:
    try:
        overrides = LimitOverrides.model_validate(user.limits)
    except ValidationError as error:
        # They were written without the service. Refusing all requests of this user would help no one.
        _logger.error("limits_of_user_unusable", user_id=user.id, fields=[".".join(map(str, each["loc"])) for each in error.errors()])
        return limits
    changed = {name: getattr(overrides, name) for name in overrides.model_fields_set}
    for field, name in (("requests", "user-requests"), ("streams", "streams")):
        if field in changed:
            changed[field] = Rate.parse(name, changed[field])
    return replace(limits, **changed)
