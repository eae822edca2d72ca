"""The database rows that open a turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from playground.comparison.plan import LanePlan, RunPlan
from playground.providers.calls import Message

CURRENT_HEAD = "head"
"""In place of an answer's id: the head of the lane, whatever that is."""


class TurnRefused(Exception):
    """The turn conflicts with the rows in the database. The argument is the turn's id."""


class TurnOrphaned(TurnRefused):
    """The turn can't be stored: its account or session was deleted, or its key was used again before anything was sent."""


class RowsRefused(Exception):
    """The database rejects the rows. The argument is the SQLSTATE of the error, which contains no user's text."""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One answer as it is opened. `earlier` is the conversation before this turn's prompt, the system prompt included."""

    lane_id: str
    position: int
    provider: str
    model: str
    parameters: Mapping[str, Any]
    simulated: bool
    answer_id: str
    earlier: tuple[Message, ...]
    own_key: bool = False
    version: int = 1
    previous_id: str | None = CURRENT_HEAD
    """The answer that this one continues; `CURRENT_HEAD` in files of versions that didn't write it."""
    head_id: str | None = CURRENT_HEAD
    """The lane's head when the answer was planned."""
    omitted_turns: int = 0
    changes_lane: bool = False

    @classmethod
    def of(cls, lane: LanePlan) -> Self:
        """Return the row of a planned lane."""
        return cls(
            lane_id=lane.lane_id,
            position=lane.position,
            provider=lane.call.provider.id,
            model=lane.model,
            parameters=lane.parameters,
            simulated=lane.simulated,
            answer_id=lane.answer_id,
            earlier=lane.call.messages[:-1],
            own_key=lane.own_key,
            version=lane.version,
            previous_id=lane.previous_id,
            head_id=lane.head_id,
            omitted_turns=lane.omitted_turns,
            changes_lane=lane.changes_lane,
        )


@dataclass(frozen=True, slots=True)
class TurnRow:
    """The row of a turn, with its session and lanes. Contains no provider's key."""

    run_id: str
    session_id: str
    turn_id: str
    turn: int
    user_id: str
    title: str
    prompt: str
    created_at: datetime
    new_session: bool
    idempotency_key: str | None
    request_hash: str | None
    lanes: tuple[LaneRow, ...]
    reserved: bool = False
    """It was counted as a request of its user before it started."""
    api_key_id: str | None = None
    new_turn: bool = True
    """False: the turn exists, and gets further answers."""
    replaces_id: str | None = None
    """The turn whose prompt was edited to make this one."""

    @classmethod
    def of(cls, plan: RunPlan) -> Self:
        """Return the row of a planned run."""
        return cls(
            run_id=plan.run_id,
            session_id=plan.session_id,
            turn_id=plan.turn_id,
            turn=plan.turn,
            user_id=plan.user_id,
            title=plan.title,
            prompt=plan.prompt,
            created_at=plan.created_at,
            new_session=plan.new_session,
            idempotency_key=plan.idempotency_key,
            request_hash=plan.request_hash,
            lanes=tuple(LaneRow.of(lane) for lane in plan.lanes),
            reserved=plan.reserved,
            api_key_id=plan.api_key_id,
            new_turn=plan.new_turn,
            replaces_id=plan.replaces_id,
        )
