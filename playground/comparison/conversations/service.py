"""Making sessions, and changing what their next turns continue."""

from collections.abc import Sequence
from typing import Any

from playground.accounts.identity import User
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import ResolvedModel
from playground.comparison.history import History
from playground.comparison.planning import AnswerNotFound, LaneNotFound, SessionNotFound, TurnNotFound, changed, parameters_of
from playground.comparison.running.runs import TurnRunning
from playground.comparison.schemas import MOST_LANES, LaneRequest, Parameters, with_defaults
from playground.kit.errors import BadInput, Conflict
from playground.kit.ids import new_id, new_run_id

from .repository import ConversationRepository, SessionLanes, StoredLane
from .schemas import ForkRequest, LaneChange, NewLane, NewSession, SessionChange


class TooManyLanes(Conflict):
    """A session has a limited number of lanes."""

    code = "too_many_lanes"
    title = "The session has as many lanes as it can have"

    def __init__(self) -> None:
        super().__init__(f"A session has at most {MOST_LANES} lanes: remove one first.")


class Conversations:
    """What can be changed of sessions."""

    def __init__(self, repository: ConversationRepository, models: ModelAccess, history: History) -> None:
        self._repository = repository
        self._models = models
        self._history = history

    async def create(self, user: User, request: NewSession) -> str:
        """Make an empty session and return its id. Raises `UnknownModel`, `ModelNotAllowed`, `Unavailable`."""
        lanes = request.all_lanes()
        place = "models.{}" if request.lanes is None else "lanes.{}.model"
        resolved = await self._resolved(user, lanes, place)
        session_id = new_id()
        session = {
            "id": session_id,
            "title": request.title or "",
            "tags": request.tags,
            "metadata": request.metadata,
            "parameters": parameters_of(request),
            "expires_at": request.expires_at,
            "lanes": [{"id": new_id(), **_columns(model, lane)} for lane, model in zip(lanes, resolved, strict=True)],
        }
        await self._repository.create(user.id, session)
        return session_id

    async def change(self, user: User, session_id: str, change: SessionChange) -> None:
        """Change a session. Raises `SessionNotFound`."""
        columns: dict[str, Any] = {name: getattr(change, name) for name in change.model_fields_set}
        if change.parameters is not None:
            columns["parameters"] = parameters_of(change.parameters)
        if not await self._repository.change(user.id, session_id, columns):
            raise SessionNotFound

    async def add_lane(self, user: User, session_id: str, request: NewLane) -> None:
        """Add a lane. Raises `SessionNotFound`, `AnswerNotFound`, `TooManyLanes`, `UnknownModel`, `ModelNotAllowed`."""
        session = await self._lanes(user, session_id)
        if request.continues is not None:
            await self._finished_answer(user, session_id, request.continues)
        lane = with_defaults(request, Parameters.model_validate(session.defaults))
        [model] = await self._resolved(user, [lane], "model")
        columns = {"id": new_id(), **_columns(model, lane), "head_id": request.continues}
        if not await self._repository.add_lane(user.id, session_id, columns, most=MOST_LANES):
            raise TooManyLanes

    async def change_lane(self, user: User, session_id: str, number: int, change: LaneChange) -> None:
        """Change a lane's model and parameters, from its next turn on. Raises as `add_lane` does, `LaneNotFound`, `TurnRunning`."""
        stored = _idle(await self._lanes(user, session_id), number)
        lane = changed(stored.parameters, change, change.model or stored.model)
        [model] = await self._resolved(user, [lane], "model")
        if not await self._repository.change_lane(session_id, number, _columns(model, lane)):
            raise TurnRunning

    async def remove_lane(self, user: User, session_id: str, number: int) -> None:
        """Remove a lane; its answers stay. Raises `SessionNotFound`, `LaneNotFound`, `TurnRunning`."""
        _idle(await self._lanes(user, session_id), number)
        if not await self._repository.remove_lane(session_id, number):
            raise TurnRunning

    async def order_lanes(self, user: User, session_id: str, numbers: Sequence[int]) -> None:
        """Put the lanes into another order. Raises `SessionNotFound`, `LaneNotFound`, `BadInput`."""
        session = await self._lanes(user, session_id)
        for number in numbers:
            if session.numbered(number) is None:
                raise LaneNotFound(number)
        if len(numbers) != len(session.lanes) or len(set(numbers)) != len(numbers):
            raise BadInput.at("lanes", f"should name each of the {len(session.lanes)} lanes once")
        await self._repository.order_lanes(session_id, numbers)

    async def move_heads(self, user: User, session_id: str, numbers: Sequence[int] | None, answer_id: str | None) -> None:
        """Let the next turn of these lanes, or of all, continue an answer. Raises `NotFound`, `TurnRunning`."""
        session = await self._lanes(user, session_id)
        lanes = [lane.number for lane in session.lanes] if numbers is None else list(dict.fromkeys(numbers))
        for number in lanes:
            _idle(session, number)
        if answer_id is not None:
            await self._finished_answer(user, session_id, answer_id)
        if await self._repository.move_heads(session_id, lanes, answer_id) < len(lanes):
            raise TurnRunning

    async def delete_answer(self, user: User, session_id: str, answer_id: str) -> None:
        """Delete what an answer says. Raises `SessionNotFound`, `AnswerNotFound`, `TurnRunning`."""
        await self._finished_answer(user, session_id, answer_id)
        await self._repository.delete_answers(user.id, session_id, [answer_id])

    async def delete_turn(self, user: User, session_id: str, turn_id: str) -> None:
        """Delete a prompt and what its answers say. Raises `SessionNotFound`, `TurnNotFound`, `TurnRunning`."""
        running = await self._repository.answers_of_turn(user.id, session_id, turn_id)
        if running is None:
            await self._lanes(user, session_id)
            raise TurnNotFound
        if any(running.values()):
            raise TurnRunning
        await self._repository.delete_answers(user.id, session_id, list(running))
        await self._repository.delete_prompt(session_id, turn_id)

    async def fork(self, user: User, session_id: str, request: ForkRequest) -> str:
        """Copy the conversation that ends with an answer into a new session, and return its id. Raises `NotFound`, `TurnRunning`."""
        title = await self._finished_answer(user, session_id, request.answer_id)
        answers, previous = [], None
        for number, answer_id in enumerate(await self._repository.chain(request.answer_id), 1):
            copy = {"number": number, "answer_id": answer_id, "copy_id": new_id(), "turn_id": new_id(), "run_id": new_run_id()}
            answers.append(copy | {"copied_previous_id": previous})
            previous = copy["copy_id"]
        fork_id = new_id()
        fork = {"id": fork_id, "user_id": user.id, "title": request.title or title, "lane_id": new_id(), "head_id": previous}
        await self._repository.fork(fork | {"forked_from": request.answer_id, "answers": answers})
        return fork_id

    async def delete(self, user: User, session_id: str, *, permanently: bool) -> None:
        """Move a session to the trash, or delete it for good; what is running is stopped first. Raises `SessionNotFound`."""
        await self._history.stop(user.id, session_id)
        remove = self._repository.delete if permanently else self._repository.to_trash
        if not await remove(user.id, session_id):
            raise SessionNotFound

    async def restore(self, user: User, session_id: str) -> None:
        """Take a session out of the trash. Raises `SessionNotFound`."""
        if not await self._repository.restore(user.id, session_id) and await self._repository.lanes(user.id, session_id) is None:
            raise SessionNotFound

    async def _lanes(self, user: User, session_id: str) -> SessionLanes:
        session = await self._repository.lanes(user.id, session_id)
        if session is None:
            raise SessionNotFound
        return session

    async def _finished_answer(self, user: User, session_id: str, answer_id: str) -> str:
        """The title of its session."""
        answer = await self._repository.answer(user.id, session_id, answer_id)
        if answer is None:
            await self._lanes(user, session_id)
            raise AnswerNotFound
        if answer.running:
            raise TurnRunning
        return answer.title

    async def _resolved(self, user: User, lanes: Sequence[LaneRequest], place: str) -> list[ResolvedModel]:
        models = await self._models.resolve([lane.model or "" for lane in lanes], user, place) if lanes else []
        for lane in lanes:
            if lane.fallbacks:
                await self._models.resolve(lane.fallbacks, user, "fallbacks.{}")
        return models


def _idle(session: SessionLanes, number: int) -> StoredLane:
    lane = session.numbered(number)
    if lane is None:
        raise LaneNotFound(number)
    if lane.run_id is not None:
        raise TurnRunning(run_id=lane.run_id)
    return lane


def _columns(model: ResolvedModel, lane: LaneRequest) -> dict[str, Any]:
    return {
        "provider": model.provider.id,
        "model": model.full_name,
        "parameters": parameters_of(lane),
        "simulated": model.provider.simulated,
    }
