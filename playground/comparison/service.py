"""Starting, joining and stopping comparisons."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import anyio

from playground.accounts.identity import User
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import ResolvedModel
from playground.comparison.recording.rows import TurnOrphaned, TurnRefused, TurnRow
from playground.comparison.running.run import Run
from playground.comparison.running.runs import ONE_AT_A_TIME, Runs, TurnRunning
from playground.comparison.stream.replay import replayed
from playground.comparison.stream.subscription import Subscription
from playground.database.generated import models
from playground.kit.errors import BadInput, FieldError, NotFound
from playground.kit.ids import new_id, new_run_id
from playground.providers.calls import Message, ModelCall

from .earlier_turns import conversation, newest_answers
from .plan import LanePlan, Quota, RunPlan
from .repository import SessionRepository
from .schemas import LaneRequest, StreamRequest
from .stored_sessions import EARLIER_BYTES, ContinuedSession, LastTurn

_TITLE_LENGTH = 80
_LONGEST_TURN = timedelta(days=1)
"""A turn that is unfinished for longer was lost together with its journal. It must not block its session."""


class SessionNotFound(NotFound):
    """The user has no such session."""

    def __init__(self) -> None:
        super().__init__("This session doesn't exist, or it isn't yours.")


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

    def __init__(self, runs: Runs, repository: SessionRepository, models: ModelAccess, *, grace_seconds: float) -> None:
        self._runs = runs
        self._repository = repository
        self._models = models
        self._grace_seconds = grace_seconds
        self._keys_in_use: dict[tuple[str, str], anyio.Event] = {}

    async def start(self, user: User, request: StreamRequest, idempotency_key: str | None, quota: Quota) -> Subscription:
        """Start a run within `quota`, or find the run that this idempotency key started; return a subscription to its events.

        Raises `BadInput` (with `UnknownModel`, `KeyReused`), `ModelNotAllowed`, `SessionNotFound`, `TurnRunning`,
        `ProviderKeyUnreadable`, `Unavailable`, and the errors of `quota`.
        """
        if idempotency_key is None:
            return await self._begin(await self._plan(user, request), quota)
        key = user.id, idempotency_key
        while key in self._keys_in_use:
            await self._keys_in_use[key].wait()
        self._keys_in_use[key] = anyio.Event()
        try:
            return await self._start_once(user, request, idempotency_key, quota)
        finally:
            self._keys_in_use.pop(key).set()

    async def _start_once(self, user: User, request: StreamRequest, key: str, quota: Quota) -> Subscription:
        request_hash = _hash(request)
        earlier = await self._repository.find_by_key(user.id, key)
        if earlier is None:
            planned = await self._plan(user, request, idempotency_key=key, request_hash=request_hash)
            try:
                return await self._begin(planned, quota)
            except TurnOrphaned:
                raise SessionNotFound from None
            except TurnRefused:
                earlier = await self._repository.find_by_key(user.id, key)
                if earlier is None:  # Another process started the same turn.
                    raise TurnRunning(ONE_AT_A_TIME) from None
        if earlier.request_hash != request_hash:
            raise KeyReused
        return await self._repeat(user.id, earlier)

    async def _begin(self, planned: RunPlan, quota: Quota) -> Subscription:
        async with quota.reserved(planned) as plan:
            with self._runs.admitted(plan):
                if plan.idempotency_key is not None:
                    # The row shows other processes that the key is in use, so it is written before any request is sent.
                    async with self._runs.journalled(plan):
                        await self._repository.open_turn(TurnRow.of(plan))
                return _from_start(await self._runs.start(plan))

    async def _repeat(self, user_id: str, turn: models.turns) -> Subscription:
        run = self._runs.get(turn.run_id)
        if run is not None:
            return _from_start(run)
        if _is_running(turn):
            raise TurnRunning(f"The first request with this key is still running in another process, in session {turn.session_id}.")
        sessions = await self._repository.sessions(user_id, [turn.session_id])
        answers = [answer async for part in self._repository.answers(user_id, [turn.session_id], turn=turn.number) for answer in part]
        if not sessions or not answers or answers[0].turn is None:
            raise SessionNotFound
        return replayed(sessions[0], answers[0].turn, answers)

    def resume(self, user_id: str, last: LastEventId) -> Subscription | None:
        """Return the events after `last`, or `None` if nothing is left to read."""
        run = self._runs.get(last.run_id)
        if run is None or run.plan.user_id != user_id:
            return None
        return run.subscription(last.number)

    async def join(self, user_id: str, session_id: str, last: LastEventId | None) -> Subscription | None:
        """Return the events of the session's running or just finished turn, or `None` if nothing is left to read.

        Raises `SessionNotFound`.
        """
        run = self._runs.of_session(session_id)
        if run is None or run.plan.user_id != user_id:
            if not await self._repository.owns(user_id, session_id):
                raise SessionNotFound
            return None
        return run.subscription(last.number if last and last.run_id == run.id else 0)

    async def planned_calls(self, user: User, request: StreamRequest, quota: Quota) -> list[ModelCall]:
        """Return the call that each lane would send, for an estimate. Raises the same errors as `start`, but reserves nothing."""
        plan = await self._plan(user, request)
        return [quota.limited(lane.call) for lane in plan.lanes]

    async def keep(self, user_id: str, session_id: str, seconds: float) -> bool:
        """Let the session's running turn continue without a reader for `seconds`; return whether a turn is running in this process.

        Raises `SessionNotFound`.
        """
        run = self._runs.of_session(session_id)
        if run is None or run.plan.user_id != user_id:
            if not await self._repository.owns(user_id, session_id):
                raise SessionNotFound
            return False
        run.keep(seconds)
        return run.finished_at is None

    async def stop(self, user_id: str, session_id: str, lane: int | None) -> list[int]:
        """Stop one lane of the running turn, or all lanes, and return those that were running. Raises `SessionNotFound`, `BadInput`."""
        run = self._runs.of_session(session_id)
        if run is None or run.plan.user_id != user_id:
            if not await self._repository.owns(user_id, session_id):
                raise SessionNotFound
            return []
        if lane is not None and lane >= len(run.lanes):
            detail = f"There is no lane {lane}; the last lane is {len(run.lanes) - 1}."
            raise BadInput(detail, errors=[FieldError("lane", detail)])
        running = [each.plan.position for each in run.lanes if each.record is None and lane in (None, each.plan.position)]
        run.stop(lane)
        return running

    async def _plan(
        self, user: User, request: StreamRequest, *, idempotency_key: str | None = None, request_hash: str | None = None
    ) -> RunPlan:
        if request.session_id is None:
            turn, session_id, title = 1, new_id(), _title(request.prompt)
            lanes = await self._new_lanes(user, request)
        else:
            running = self._runs.of_session(request.session_id)
            # Another user's session is not found, running or not.
            if running is not None and running.plan.user_id == user.id:
                if running.finished_at is None:
                    raise TurnRunning(ONE_AT_A_TIME)
                await running.recorded.wait()
            session = await self._repository.continued(user.id, request.session_id, EARLIER_BYTES)
            if session is None:
                raise SessionNotFound
            if session.last is not None and _is_running(session.last):
                raise TurnRunning(
                    "The last turn of this session is still running in another process, or is not recorded yet. Try again later."
                )
            turn, session_id, title = session.last.number + 1 if session.last else 1, session.id, session.title
            lanes = await self._next_lanes(user, session, request.prompt)
        return RunPlan(
            run_id=new_run_id(),
            session_id=session_id,
            turn_id=new_id(),
            turn=turn,
            user_id=user.id,
            title=title,
            prompt=request.prompt,
            lanes=lanes,
            created_at=datetime.now(UTC),
            new_session=request.session_id is None,
            grace_seconds=0 if request.on_disconnect == "stop" else self._grace_seconds,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            api_key_id=user.key_id,
        )

    async def _new_lanes(self, user: User, request: StreamRequest) -> tuple[LanePlan, ...]:
        lanes = request.all_lanes()
        place = "models.{}" if request.lanes is None else "lanes.{}.model"
        resolved = await self._models.resolve([lane.model for lane in lanes], user, place)
        return tuple(
            _lane_plan(new_id(), position, model, lane, (), request.prompt)
            for position, (lane, model) in enumerate(zip(lanes, resolved, strict=True))
        )

    async def _next_lanes(self, user: User, session: ContinuedSession, prompt: str) -> tuple[LanePlan, ...]:
        rows = session.lanes
        resolved = await self._models.resolve([row.model for row in rows], user, "sessionId")
        newest = {row.id: newest_answers(session, row, model.listed) for row, model in zip(rows, resolved, strict=True)}
        texts = await self._repository.exchanges(user.id, [said for lane in newest.values() for said in lane])
        return tuple(
            _lane_plan(
                row.id,
                row.position,
                model,
                LaneRequest.model_validate({"model": row.model, **row.parameters}),
                conversation(newest[row.id], texts),
                prompt,
            )
            for row, model in zip(rows, resolved, strict=True)
        )


def _is_running(turn: models.turns | LastTurn) -> bool:
    return turn.finished_at is None and datetime.now(UTC) - turn.created_at < _LONGEST_TURN


def _from_start(run: Run) -> Subscription:
    subscription = run.subscription(0)
    assert subscription is not None  # noqa: S101 - a run has at least its first event
    return subscription


def _lane_plan(lane_id: str, position: int, model: ResolvedModel, lane: LaneRequest, earlier: tuple[Message, ...], prompt: str) -> LanePlan:
    system = (Message("system", lane.system),) if lane.system else ()
    call = ModelCall(
        provider=model.provider,
        model=model.model,
        messages=(*system, *earlier, Message("user", prompt)),
        temperature=lane.temperature,
        top_p=lane.top_p,
        max_tokens=lane.max_tokens,
        seed=lane.seed,
        stop=tuple(lane.stop or ()),
        reasoning_effort=lane.reasoning_effort,
    )
    parameters = lane.model_dump(by_alias=True, exclude_none=True, exclude={"model"})
    return LanePlan(lane_id, position, model.full_name, call, new_id(), parameters, listed=model.listed is not None, nearest=model.nearest)


def _title(prompt: str) -> str:
    line = prompt.strip().splitlines()[0].strip()
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rstrip() + "…"


def _hash(request: StreamRequest) -> str:
    meaning = json.dumps(request.model_dump(mode="json", exclude={"on_disconnect"}), sort_keys=True)
    return hashlib.sha256(meaning.encode()).hexdigest()
