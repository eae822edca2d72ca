"""Starting, joining and stopping comparisons."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import anyio

from playground.accounts.identity import User
from playground.comparison.recording.rows import TurnOrphaned, TurnRefused, TurnRow
from playground.comparison.running.run import Run
from playground.comparison.running.runs import Runs, TurnRunning
from playground.comparison.stream.replay import replayed
from playground.comparison.stream.subscription import Subscription
from playground.kit.errors import BadInput, FieldError
from playground.providers.calls import ModelCall

from .plan import Quota, RunPlan
from .planning import Planner, SessionNotFound
from .repository import SessionRepository
from .schemas import RegenerateRequest, StreamRequest
from .stored_sessions import StartedRun

Planning = Callable[[], Awaitable[RunPlan]]

_LONGEST_RUN = timedelta(days=1)
"""A run that is open for longer was lost with its journal. It must not keep its key from being answered."""
_ATTEMPTS = 5


class KeyReused(BadInput):
    """An idempotency key was used before, for a different request."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"
    example: ClassVar[Mapping[str, Any]] = {
        "errors": [{"field": "Idempotency-Key", "message": "This Idempotency-Key was already used with a different body."}]
    }

    def __init__(self) -> None:
        detail = "This Idempotency-Key was already used with a different body. Use a new key for each new request."
        super().__init__(detail, errors=[FieldError("Idempotency-Key", detail)])


class LastEventId(NamedTuple):
    """The last event that a reader received, such as `k3v9q2m7:12`."""

    run_id: str
    number: int

    @classmethod
    def parse(cls, text: str) -> "LastEventId":
        """Return the parsed header. Raises `BadInput` if it is not an event id."""
        run_id, _, number = text.rpartition(":")
        if not run_id or not (number.isascii() and number.isdigit()) or len(number) > 15:
            raise BadInput(
                "Last-Event-ID is not an event id.",
                errors=[FieldError("Last-Event-ID", "must be the id of the last event received, such as k3v9q2m7:12")],
            )
        return cls(run_id, int(number))


class ComparisonService:
    """Starts, resumes, joins and stops comparisons."""

    def __init__(self, runs: Runs, repository: SessionRepository, planner: Planner) -> None:
        self._runs = runs
        self._repository = repository
        self._planner = planner
        self._keys_in_use: dict[tuple[str, str], anyio.Event] = {}

    async def start(self, user: User, request: StreamRequest, idempotency_key: str | None, quota: Quota) -> Subscription:
        """Start a run within `quota`, or find the run that this idempotency key started; return a subscription to its events.

        Raises `BadInput` (with `UnknownModel`, `KeyReused`), `ModelNotAllowed`, `NotFound`, `TurnRunning`, `ProviderKeyUnreadable`,
        `Unavailable`, and what `quota` raises.
        """
        return await self._once(user, _hash(request), idempotency_key, quota, lambda: self._planned(user, request))

    async def regenerate(
        self, user: User, session_id: str, lane: int, request: RegenerateRequest, idempotency_key: str | None, quota: Quota
    ) -> Subscription:
        """The events of a run that writes further versions of an answer. Raises as `start` does."""
        request_hash = _hash(request, session_id, str(lane))

        async def plan() -> RunPlan:
            await self._recorded(user, session_id)
            return await self._planner.regeneration(user, session_id, lane, request)

        return await self._once(user, request_hash, idempotency_key, quota, plan)

    async def _once(self, user: User, request_hash: str, idempotency_key: str | None, quota: Quota, plan: Planning) -> Subscription:
        if idempotency_key is None:
            return await self._begin(plan, quota)
        key = user.id, idempotency_key
        while key in self._keys_in_use:
            await self._keys_in_use[key].wait()
        self._keys_in_use[key] = anyio.Event()
        try:
            return await self._begin_or_repeat(user, request_hash, idempotency_key, quota, plan)
        finally:
            self._keys_in_use.pop(key).set()

    async def _begin_or_repeat(self, user: User, request_hash: str, key: str, quota: Quota, plan: Planning) -> Subscription:
        async def with_key() -> RunPlan:
            return replace(await plan(), idempotency_key=key, request_hash=request_hash)

        earlier = await self._repository.find_by_key(user.id, key)
        if earlier is None:
            try:
                return await self._begin(with_key, quota)
            except TurnRunning:
                # Another process may have begun the same request.
                earlier = await self._repository.find_by_key(user.id, key)
                if earlier is None:
                    raise
        if earlier.request_hash != request_hash:
            raise KeyReused
        return await self._repeat(user.id, earlier)

    async def _begin(self, planning: Planning, quota: Quota) -> Subscription:
        for _ in range(_ATTEMPTS):
            planned = await planning()
            try:
                return await self._begin_planned(planned, quota)
            except TurnOrphaned:
                raise SessionNotFound from None
            except TurnRefused:
                busy = await self._repository.busy([lane.lane_id for lane in planned.lanes])
                if busy is not None or planned.new_session:
                    raise TurnRunning(run_id=busy) from None
                # The session was changed since the run was planned.
        raise TurnRunning

    async def _begin_planned(self, planned: RunPlan, quota: Quota) -> Subscription:
        async with quota.reserved(planned) as plan:
            with self._runs.admitted(plan):
                if plan.idempotency_key is not None or not plan.new_session:
                    # The rows tell other processes that the key is taken and the lanes are busy, so they come before anything is sent.
                    async with self._runs.journalled(plan):
                        await self._repository.open_turn(TurnRow.of(plan))
                return _from_start(await self._runs.start(plan))

    async def _repeat(self, user_id: str, earlier: StartedRun) -> Subscription:
        run = self._runs.get(earlier.id)
        if run is not None:
            return _from_start(run)
        if earlier.finished_at is None and datetime.now(UTC) - earlier.created_at < _LONGEST_RUN:
            detail = f"The first request with this key is still running elsewhere: its session is {earlier.session_id}."
            raise TurnRunning(detail, run_id=earlier.id)
        sessions = await self._repository.sessions(user_id, [earlier.session_id])
        parts = self._repository.answers(user_id, [earlier.session_id], run_id=earlier.id)
        answers = [answer async for part in parts for answer in part]
        if not sessions or not answers or answers[0].turn is None:
            raise SessionNotFound
        return replayed(sessions[0], answers[0].turn, earlier.id, answers)

    def resume(self, user_id: str, last: LastEventId) -> Subscription | None:
        """Return the events after `last`, or `None` if nothing is left to read."""
        run = self._runs.get(last.run_id)
        if run is None or run.plan.user_id != user_id:
            return None
        return run.subscription(last.number)

    async def join(self, user_id: str, session_id: str, last: LastEventId | None, run_id: str | None = None) -> Subscription | None:
        """The session's newest run, or the one with that id; `None` when there is nothing left to read. Raises `SessionNotFound`."""
        runs = [run for run in self._runs.of_session(session_id) if run.plan.user_id == user_id and run_id in (None, run.id)]
        if not runs:
            if not await self._repository.owns(user_id, session_id):
                raise SessionNotFound
            return None
        run = next((run for run in reversed(runs) if run.finished_at is None), runs[-1])
        return run.subscription(last.number if last and last.run_id == run.id else 0)

    async def planned_calls(self, user: User, request: StreamRequest, quota: Quota) -> list[ModelCall]:
        """What each lane would send, for an estimate. Raises as `start` does, but nothing is reserved."""
        plan = await self._planned(user, request, may_be_too_long=True)
        return [quota.limited(lane.call) for lane in plan.lanes]

    async def keep(self, user_id: str, session_id: str, seconds: float) -> bool:
        """Let the session's runs continue without a reader for so long; whether one runs here. Raises `SessionNotFound`."""
        runs = await self._runs_of(user_id, session_id)
        for run in runs:
            run.keep(seconds)
        return any(run.finished_at is None for run in runs)

    async def stop(self, user_id: str, session_id: str, lane: int | None) -> list[int]:
        """Stop one lane of the session, or all; the lanes that were still running. Raises `SessionNotFound`, `BadInput`."""
        runs = await self._runs_of(user_id, session_id)
        lanes = [each for run in runs for each in run.lanes]
        if lane is not None and runs and all(lane != each.plan.position for each in lanes):
            last = max(each.plan.position for each in lanes)
            detail = f"There is no lane {lane}; the last lane is {last}." if lane > last else f"Lane {lane} isn't running."
            raise BadInput(detail, errors=[FieldError("lane", detail)])
        running = [each.plan.position for each in lanes if each.record is None and lane in (None, each.plan.position)]
        for run in runs:
            run.stop(lane)
        return sorted(set(running))

    async def _runs_of(self, user_id: str, session_id: str) -> list[Run]:
        runs = [run for run in self._runs.of_session(session_id) if run.plan.user_id == user_id]
        if not runs and not await self._repository.owns(user_id, session_id):
            raise SessionNotFound
        return runs

    async def _planned(self, user: User, request: StreamRequest, *, may_be_too_long: bool = False) -> RunPlan:
        if request.session_id is not None:
            await self._recorded(user, request.session_id)
        plan = await self._planner.comparison(user, request, may_be_too_long=may_be_too_long)
        self._refuse_busy(plan)
        return plan

    async def _recorded(self, user: User, session_id: str) -> None:
        """Wait until the session's earlier runs, which its next one continues, stand in the database."""
        for run in self._runs.of_session(session_id):
            if run.plan.user_id == user.id and run.finished_at is not None:
                await run.recorded.wait()

    def _refuse_busy(self, plan: RunPlan) -> None:
        for lane in plan.lanes:
            run = self._runs.busy_with(lane.lane_id)
            if run is not None:
                raise TurnRunning(run_id=run.id)


def _from_start(run: Run) -> Subscription:
    subscription = run.subscription(0)
    assert subscription is not None  # noqa: S101 - a run has at least its first event
    return subscription


def _hash(request: StreamRequest | RegenerateRequest, *place: str) -> str:
    # What isn't given is left out, so that hashes stay the same when requests learn new fields.
    meaning = request.model_dump(mode="json", exclude={"on_disconnect", "stream"}, exclude_defaults=True)
    return hashlib.sha256(json.dumps([*place, meaning], sort_keys=True).encode()).hexdigest()
