"""Counts and refuses requests, and reports what is left."""

from datetime import UTC, datetime, timedelta

from starlette.types import Scope

from playground.accounts.identity import User

from .allowances import Allowance, allowances_at
from .client_addresses import counted_as
from .headers import Standing, report_limits
from .limit_errors import LimitReached
from .policy import Policy
from .quota import QuotaBackend, UserQuota
from .refusals import window_full
from .schemas import BudgetUsage, RateUsage, RequestUsage, StorageUsage, TokenUsage, Usage
from .windows import Rate

_AUTH = "/auth"
_REFRESH = "/auth/refresh"
_GUESSING = frozenset({"/auth/login", "/auth/register", "/auth/forgot-password", "/auth/reset-password"})
"""Requests that can guess other users' passwords and accounts. An access token doesn't allow more attempts."""
_PASSWORD_AGAIN = frozenset({("POST", "/users/me/password"), ("DELETE", "/users/me")})
"""Requests with which the holder of a stolen access token could guess the password needed to take over the account."""


class LimitService:
    """Checks the limits before a request or a run begins."""

    def __init__(self, policy: Policy, backend: QuotaBackend) -> None:
        self._policy = policy
        self._backend = backend

    async def count_request(self, scope: Scope, user: User | None) -> LimitReached | None:
        """Count a request, and report the limit in its response. Return the error if it exceeds the limit.

        `user` is `None` without a valid login: then it counts for the address.
        """
        rate, who = self._request_rate(scope, user)
        if rate is None:
            return None
        window = await self._backend.windows.hit(rate, who)
        report_limits(scope, Standing.of(rate, window))
        return None if window.allowed else window_full(rate, window)

    def _request_rate(self, scope: Scope, user: User | None) -> tuple[Rate | None, str]:
        path: str = scope["path"]
        # The page requests new tokens each time it is loaded, and signed tokens can't be guessed.
        to_auth = path == _AUTH or (path.startswith(f"{_AUTH}/") and path != _REFRESH)
        if user is not None and path not in _GUESSING and not (to_auth and user.key_id is not None):
            if user.key_id is None and (scope["method"], path) in _PASSWORD_AGAIN:
                return self._policy.auth, user.id
            return self._policy.of(user).requests, user.id
        client = scope.get("client")
        return self._policy.auth if to_auth else self._policy.address, counted_as(client[0] if client else None)

    def quota(self, user: User, scope: Scope) -> UserQuota:
        """Return the quota of `user`, which the response to the request of `scope` reports."""
        return UserQuota(user, self._policy.of(user), self._backend, scope)

    async def usage(self, user: User) -> Usage:
        """Return what `user` has used of each limit. Raises `Unavailable`."""
        limits, now = self._policy.of(user), datetime.now(UTC)
        allowances = allowances_at(now, limits, await self._backend.repository.get(user.id))
        tokens, budget = allowances.monthly_tokens, allowances.monthly_budget
        stored = await self._backend.repository.stored_bytes(user.id)
        return Usage(
            requests=await self._rate_usage(limits.requests, user, now),
            streams=await self._rate_usage(limits.streams, user, now),
            daily_requests=_request_usage(allowances.daily_requests),
            monthly_requests=_request_usage(allowances.monthly_requests),
            monthly_tokens=TokenUsage(**_request_usage(tokens).model_dump(), reserved=int(tokens.reserved)),
            monthly_budget=BudgetUsage(
                max=budget.most, used=budget.used, reserved=budget.reserved, left=budget.left, resets_at=budget.period.ends_at
            ),
            storage=StorageUsage(max=limits.storage, used=stored, left=None if limits.storage is None else max(0, limits.storage - stored)),
        )

    async def _rate_usage(self, rate: Rate | None, user: User, now: datetime) -> RateUsage:
        if rate is None:
            return RateUsage(max=None, used=0, left=None, seconds=None, resets_at=None)
        window = await self._backend.windows.look(rate, user.id)
        return RateUsage(
            max=rate.amount,
            used=window.used,
            left=max(0, rate.amount - window.used),
            seconds=rate.seconds,
            resets_at=now + timedelta(seconds=window.resets_in) if window.used else None,
        )


def _request_usage(allowance: Allowance) -> RequestUsage:
    return RequestUsage(
        max=None if allowance.most is None else int(allowance.most),
        used=int(allowance.used),
        left=None if allowance.left is None else int(allowance.left),
        resets_at=allowance.period.ends_at,
    )
