"""The quota of a user: reserved before a run starts, so that nothing beyond the limits is sent."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import anyio
import structlog
from starlette.types import Scope

from playground.accounting.estimates import Bound, Estimator
from playground.accounts.identity import User
from playground.comparison.plan import LanePlan, RunPlan
from playground.kit.errors import NotAuthenticated, Unavailable
from playground.providers.calls import ModelCall

from .allowances import Allowances, allowances_at
from .headers import Standing, report_limits
from .policy import Limits
from .refusals import allowance_exceeded, window_full
from .repository import UsageRepository, UsageRow, Wanted
from .reservations import Reservations
from .windows import Rate, Window, Windows

_RELEASE_SECONDS = 5.0
_ATTEMPTS = 10

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QuotaBackend:
    """The services that quotas use."""

    windows: Windows
    repository: UsageRepository
    reservations: Reservations
    estimator: Estimator
    longest_answer: int
    """The longest answer, in tokens, of a lane without `maxTokens`, for users with limited tokens or money."""


class UserQuota:
    """The quota of a user for one request, whose response reports it."""

    def __init__(self, user: User, limits: Limits, backend: QuotaBackend, scope: Scope) -> None:
        self._user = user
        self._limits = limits
        self._backend = backend
        self._scope = scope

    def limited(self, call: ModelCall) -> ModelCall:
        """Return the call with a limited answer length, if tokens or money are limited and it has no `max_tokens`."""
        if not self._limits.by_size or call.max_tokens is not None or call.provider.own_key:
            return call
        return replace(call, max_tokens=self._backend.longest_answer)

    @asynccontextmanager
    async def reserved(self, plan: RunPlan) -> AsyncIterator[RunPlan]:
        """Count the stream and the request, and reserve tokens and money. Without such limits there is no query.

        Raises `LimitReached`, `Unavailable`.
        """
        if not self._limits.by_run:
            async with self._counted_stream():
                yield plan
            return
        # If the window of streams is full, the database need not be asked.
        await self._look_at_streams()
        to_run = await self._reserve(plan)
        try:
            async with self._counted_stream():
                yield to_run
        except BaseException:
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + _RELEASE_SECONDS):
                await self._release(plan.run_id)
            raise

    @asynccontextmanager
    async def _counted_stream(self) -> AsyncIterator[None]:
        """Count the stream, unless the block, which starts it, fails."""
        await self._count_stream()
        try:
            yield
        except BaseException:
            if self._limits.streams is not None:
                with anyio.CancelScope(shield=True, deadline=anyio.current_time() + _RELEASE_SECONDS):
                    await self._backend.windows.take_back(self._limits.streams, self._user.id)
            raise

    async def _look_at_streams(self) -> None:
        rate = self._limits.streams
        if rate is not None:
            self._report_stream(rate, await self._backend.windows.look(rate, self._user.id))

    async def _count_stream(self) -> None:
        rate = self._limits.streams
        if rate is not None:
            self._report_stream(rate, await self._backend.windows.hit(rate, self._user.id))

    def _report_stream(self, rate: Rate, window: Window) -> None:
        report_limits(self._scope, Standing.of(rate, window))
        if not window.allowed:
            raise window_full(rate, window)

    async def _reserve(self, plan: RunPlan) -> RunPlan:
        lanes, tokens, cost = await self._bounded(plan.lanes) if self._limits.by_size else (plan.lanes, 0, Decimal(0))
        wanted = Wanted(plan.run_id, self._user.id, plan.created_at, tokens, cost)
        for _ in range(_ATTEMPTS):
            reserved = await self._reserved(wanted)
            row = reserved or await self._backend.repository.get(self._user.id)
            allowances = allowances_at(plan.created_at, self._limits, row)
            self._report_requests(allowances, plan.created_at)
            if reserved is not None:
                self._backend.reservations.hold(plan.run_id)
                return replace(plan, lanes=lanes, reserved=True)
            refusal = allowance_exceeded(allowances, wanted.by_allowance(), plan.created_at)
            if refusal is not None:
                raise refusal
            # A run of the same user has just ended, so there is room now.
        raise Unavailable("Too many comparisons of this account start and end at the same time. Try again.")

    async def _reserved(self, wanted: Wanted) -> UsageRow | None:
        try:
            return await self._backend.repository.reserve(wanted, self._limits, held_seconds=self._backend.reservations.held_seconds)
        except NotAuthenticated:
            raise
        except BaseException:  # Without a response, the reservation may or may not exist.
            self._backend.reservations.withdraw(wanted.run_id)
            raise

    async def _bounded(self, lanes: tuple[LanePlan, ...]) -> tuple[tuple[LanePlan, ...], int, Decimal]:
        """Return the lanes as they are sent, and the most tokens and US dollars that they can use.

        Simulated and unknown costs are not included, nor anything on the user's own keys.
        """
        bounded: list[LanePlan] = []
        tokens, cost = 0, Decimal(0)
        for lane in lanes:
            # A lane with fallbacks is answered by one of several models: the most that any of them can use is reserved.
            calls = [lane.call, *(fallback.call for fallback in lane.fallbacks)]
            bounds = await self._bounds(calls)
            tokens += max((bound.input_tokens + bound.output_tokens for bound in bounds.values()), default=0)
            cost += max(
                (bound.cost for place, bound in bounds.items() if bound.cost is not None and not calls[place].provider.simulated),
                default=Decimal(0),
            )
            call, *others = [_at_most(call, bounds.get(place)) for place, call in enumerate(calls)]
            fallbacks = tuple(replace(fallback, call=other) for fallback, other in zip(lane.fallbacks, others, strict=True))
            bounded.append(replace(lane, bounded=bool(bounds), call=call, fallbacks=fallbacks))
        return tuple(bounded), tokens, cost

    async def _bounds(self, calls: Sequence[ModelCall]) -> dict[int, Bound]:
        """Return the most that each call can use, by its place; without those on the user's own keys."""
        ours = [place for place, call in enumerate(calls) if not call.provider.own_key]
        bounds = await self._backend.estimator.bounds([self.limited(calls[place]) for place in ours])
        return dict(zip(ours, bounds, strict=True))

    async def _release(self, run_id: str) -> None:
        # First, because this may be cancelled.
        self._backend.reservations.withdraw(run_id)
        try:
            await self._backend.repository.release(run_id)
        except Unavailable:
            _logger.warning("reservation_released_later", run_id=run_id)

    def _report_requests(self, allowances: Allowances, at: datetime) -> None:
        for allowance in (allowances.daily_requests, allowances.monthly_requests):
            if allowance.most is not None and allowance.left is not None:
                resets_in = (allowance.period.ends_at - at).total_seconds()
                report_limits(
                    self._scope, Standing(allowance.name, int(allowance.most), allowance.period.seconds, int(allowance.left), resets_in)
                )


def _at_most(call: ModelCall, bound: Bound | None) -> ModelCall:
    """Return the call with an answer of at most what the prompt leaves of the context window: the provider would refuse more."""
    return call if bound is None else replace(call, max_tokens=call.max_tokens or bound.output_tokens)
