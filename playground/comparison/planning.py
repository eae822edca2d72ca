"""From a request to the run that it asks for: models resolved, conversations read, nothing sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from playground.accounting.prices import Prices
from playground.accounts.identity import User
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import ResolvedModel
from playground.kit.errors import BadInput, NotFound
from playground.kit.ids import new_id, new_run_id
from playground.providers.calls import Message, ModelCall

from .context import Context, ContextWindow, exchanged, newest_answers
from .plan import Candidate, LanePlan, RunPlan
from .repository import SessionRepository
from .schemas import LaneRequest, Parameters, RegenerateRequest, StreamRequest
from .stored_sessions import EARLIER_BYTES, ContinuedLane, ContinuedSession, EarlierAnswer

_TITLE_LENGTH = 80


class SessionNotFound(NotFound):
    """There is no such session of this user."""

    def __init__(self) -> None:
        super().__init__("There is no such session, or it is not yours.")


class LaneNotFound(NotFound):
    """The session has no such lane."""

    def __init__(self, lane: int) -> None:
        super().__init__(f"This session has no lane {lane}, or it was removed.")


class TurnNotFound(NotFound):
    """The session has no such turn."""

    def __init__(self) -> None:
        super().__init__("This session has no such turn, or it was deleted.")


class AnswerNotFound(NotFound):
    """The session has no such answer."""

    def __init__(self) -> None:
        super().__init__("There is no such answer here, or it was deleted.")


class Planner:
    """Plans runs."""

    def __init__(
        self, repository: SessionRepository, models: ModelAccess, prices: Prices, context: ContextWindow, *, grace_seconds: float
    ) -> None:
        self._repository = repository
        self._models = models
        self._prices = prices
        self._context = context
        self._grace_seconds = grace_seconds

    async def comparison(self, user: User, request: StreamRequest, *, may_be_too_long: bool = False) -> RunPlan:
        """Plan a new session, or the next turn of one. Nothing is reserved or sent.

        Raises `BadInput` (with `UnknownModel`, `PromptTooLong`), `ModelNotAllowed`, `NotFound`, `ProviderKeyUnreadable`, `Unavailable`.
        """
        if request.session_id is None:
            lanes = await self._new_lanes(user, request, may_be_too_long)
            plan = self._plan(user, new_id(), new_id(), 1, request.prompt, lanes)
            plan = replace(plan, title=title_of(request.prompt), new_session=True)
        else:
            session = await self._session(user, request.session_id, request.replaces)
            if request.replaces is not None and session.turn is None:
                raise TurnNotFound
            lanes = await self._next_lanes(user, request, session, may_be_too_long)
            plan = self._plan(user, session.id, new_id(), session.last_number + 1, request.prompt, lanes)
            plan = replace(plan, title=session.title or title_of(request.prompt), replaces_id=request.replaces)
        return replace(plan, grace_seconds=0 if request.on_disconnect == "stop" else self._grace_seconds)

    async def regeneration(self, user: User, session_id: str, lane: int, request: RegenerateRequest) -> RunPlan:
        """Plan further versions of an answer. Raises as `comparison` does."""
        answer = await self._repository.answer(user.id, session_id, lane, request.answer_id)
        if answer is None:
            if not await self._repository.owns(user.id, session_id):
                raise SessionNotFound
            raise AnswerNotFound
        session = await self._session(user, session_id, answer.turn_id)
        row = next((each for each in session.lanes if each.position == lane), None)
        if row is None:
            raise LaneNotFound(lane)
        if session.turn is None:
            raise TurnNotFound
        wanted = changed(answer.parameters, request, request.model or answer.model)
        [resolved] = await self._models.resolve([wanted.model or ""], user, "model")
        newest = self._newest(session, row, resolved)
        turns = exchanged(newest, await self._repository.exchanges(user.id, newest))
        plan = await self._lane(user, row, resolved, wanted, turns, session.turn.prompt, place="", may_be_too_long=False)
        plan = replace(plan, omitted_turns=plan.omitted_turns + row.said - len(newest))
        versions = tuple(replace(plan, answer_id=new_id(), version=row.versions + 1 + more) for more in range(request.times))
        run = self._plan(user, session.id, session.turn.id, session.turn.number, session.turn.prompt, versions)
        return replace(
            run, title=session.title, new_turn=False, grace_seconds=0 if request.on_disconnect == "stop" else self._grace_seconds
        )

    async def _session(self, user: User, session_id: str, turn_id: str | None) -> ContinuedSession:
        session = await self._repository.continued(user.id, session_id, EARLIER_BYTES, turn_id=turn_id)
        if session is None:
            raise SessionNotFound
        return session

    def _plan(self, user: User, session_id: str, turn_id: str, turn: int, prompt: str, lanes: tuple[LanePlan, ...]) -> RunPlan:
        return RunPlan(
            run_id=new_run_id(),
            session_id=session_id,
            turn_id=turn_id,
            turn=turn,
            user_id=user.id,
            title="",
            prompt=prompt,
            lanes=lanes,
            created_at=datetime.now(UTC),
            new_session=False,
            api_key_id=user.key_id,
            grace_seconds=self._grace_seconds,
        )

    async def _new_lanes(self, user: User, request: StreamRequest, may_be_too_long: bool) -> tuple[LanePlan, ...]:
        lanes = request.all_lanes()
        place = "models.{}" if request.lanes is None else "lanes.{}.model"
        resolved = await self._models.resolve([lane.model or "" for lane in lanes], user, place)
        plans = []
        for position, (lane, model) in enumerate(zip(lanes, resolved, strict=True)):
            context = await self._fitted(model, lane, [], request.prompt, may_be_too_long)
            fallbacks = await self._fallbacks(user, lane, context, f"lanes.{position}.fallbacks" if request.lanes else "fallbacks")
            plans.append(_lane_plan(new_id(), position, model, lane, context, fallbacks))
        return tuple(plans)

    async def _next_lanes(
        self, user: User, request: StreamRequest, session: ContinuedSession, may_be_too_long: bool
    ) -> tuple[LanePlan, ...]:
        changes = {change.lane: change for change in request.lanes or () if change.lane is not None}
        rows = _taking_part(session, request, changes)
        wanted = [
            changed(row.parameters, changes[row.position], changes[row.position].model or row.model)
            if row.position in changes
            else LaneRequest.model_validate({**row.parameters, "model": row.model})
            for row in rows
        ]
        # By lane, so that an error names the place of the request that it is about.
        places = {change.lane: f"lanes.{place}" for place, change in enumerate(request.lanes or ())}
        fields = [f"{places[row.position]}.model" if row.position in places else "sessionId" for row in rows]
        resolved = await self._models.resolve([lane.model or "" for lane in wanted], user, fields)
        newest = {row.id: self._newest(session, row, model) for row, model in zip(rows, resolved, strict=True)}
        texts = await self._repository.exchanges(user.id, [answer for answers in newest.values() for answer in answers])
        plans = []
        for row, lane, model in zip(rows, wanted, resolved, strict=True):
            place = places.get(row.position, "sessionId")
            turns = exchanged(newest[row.id], texts)
            plan = await self._lane(user, row, model, lane, turns, request.prompt, place=place, may_be_too_long=may_be_too_long)
            left_out = row.said - len(newest[row.id])
            plans.append(replace(plan, changes_lane=row.position in changes, omitted_turns=plan.omitted_turns + left_out))
        return tuple(plans)

    def _newest(self, session: ContinuedSession, row: ContinuedLane, model: ResolvedModel) -> Sequence[EarlierAnswer]:
        return newest_answers([each for each in session.said if each.lane_id == row.id], self._window(model))

    async def _lane(
        self,
        user: User,
        row: ContinuedLane,
        model: ResolvedModel,
        lane: LaneRequest,
        turns: Sequence[tuple[Message, Message]],
        prompt: str,
        *,
        place: str,
        may_be_too_long: bool,
    ) -> LanePlan:
        context = await self._fitted(model, lane, turns, prompt, may_be_too_long)
        fallbacks = await self._fallbacks(user, lane, context, f"{place}.fallbacks" if place else "fallbacks")
        plan = _lane_plan(row.id, row.position, model, lane, context, fallbacks)
        return replace(plan, previous_id=row.previous_id, head_id=row.head_id)

    async def _fitted(
        self, model: ResolvedModel, lane: LaneRequest, turns: Sequence[tuple[Message, Message]], prompt: str, may_be_too_long: bool
    ) -> Context:
        return await self._context.fitted(
            system=lane.system,
            turns=turns,
            prompt=prompt,
            model=model.full_name,
            window=self._window(model),
            max_tokens=lane.max_tokens,
            may_be_too_long=may_be_too_long,
        )

    def _window(self, model: ResolvedModel) -> int | None:
        return self._prices.context_window(model.provider, model.model, model.listed)

    async def _fallbacks(self, user: User, lane: LaneRequest, context: Context, field: str) -> tuple[Candidate, ...]:
        if not lane.fallbacks:
            return ()
        resolved = await self._models.resolve(lane.fallbacks, user, field + ".{}")
        return tuple(Candidate(model.full_name, _call(model, lane, context)) for model in resolved)


def _taking_part(session: ContinuedSession, request: StreamRequest, changes: Mapping[int, LaneRequest]) -> list[ContinuedLane]:
    lanes = {lane.position: lane for lane in session.lanes}
    for number in (*(request.only or ()), *changes):
        if number not in lanes:
            raise LaneNotFound(number)
    rows = [lane for lane in session.lanes if request.only is None or lane.position in request.only]
    if request.replaces is not None:
        rows = [lane for lane in rows if lane.versions]
        if not rows:
            raise BadInput.at("only", "names no lane that took part in the turn that is replaced")
    if not rows:
        raise BadInput.at("sessionId", "has no lanes: add one with POST /playground/sessions/{id}/lanes")
    return rows


def changed(parameters: Mapping[str, Any], change: Parameters, model: str) -> LaneRequest:
    """Return the lane with these `parameters` (by their names on the wire) after a change of those that the request gives."""
    given = change.model_dump(by_alias=True, include=set(Parameters.model_fields) & change.model_fields_set)
    return LaneRequest.model_validate({**parameters, **given, "model": model})


def parameters_of(lane: Parameters) -> dict[str, Any]:
    """Return the parameters as they are kept: by their names on the wire, without what is left to the default."""
    return lane.model_dump(by_alias=True, exclude_none=True, include=set(Parameters.model_fields))


def _lane_plan(
    lane_id: str, position: int, model: ResolvedModel, lane: LaneRequest, context: Context, fallbacks: tuple[Candidate, ...]
) -> LanePlan:
    return LanePlan(
        lane_id,
        position,
        model.full_name,
        _call(model, lane, context),
        new_id(),
        parameters_of(lane),
        listed=model.listed is not None,
        nearest=model.nearest,
        omitted_turns=context.omitted_turns,
        fallbacks=fallbacks,
    )


def _call(model: ResolvedModel, lane: LaneRequest, context: Context) -> ModelCall:
    return ModelCall(
        provider=model.provider,
        model=model.model,
        messages=context.messages,
        temperature=lane.temperature,
        top_p=lane.top_p,
        max_tokens=lane.max_tokens,
        seed=lane.seed,
        stop=tuple(lane.stop or ()),
        reasoning_effort=lane.reasoning_effort,
    )


def title_of(prompt: str) -> str:
    """Return the title of a session that begins with this prompt."""
    line = prompt.strip().splitlines()[0].strip()
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rstrip() + "…"
