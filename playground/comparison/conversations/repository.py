"""Every query that changes a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from playground.database.client import Database

from .statements import (
    ADD_LANE,
    ANSWER,
    ANSWERS_OF_TURN,
    CHAIN,
    CHANGE,
    CHANGE_LANE,
    CREATE,
    DELETE_ANSWERS,
    DELETE_PROMPT,
    EMPTY_TRASH,
    FORK,
    LANES,
    MOVE_HEADS,
    ORDER_LANES,
    RESTORE,
    TO_TRASH,
)


@dataclass(frozen=True, slots=True)
class SessionLanes:
    """The lanes of a session that were not removed, from the left, and its default parameters."""

    lanes: tuple["StoredLane", ...]
    defaults: dict[str, Any]

    def numbered(self, number: int) -> "StoredLane | None":
        """Return the lane with this number."""
        return next((lane for lane in self.lanes if lane.number == number), None)


@dataclass(frozen=True, slots=True)
class StoredLane:
    """A lane, as far as changes of it need to know."""

    number: int
    model: str
    parameters: dict[str, Any]
    run_id: str | None
    """The run that is writing an answer of it."""


@dataclass(frozen=True, slots=True)
class ForkedAnswer:
    """An answer in a session, which may be forked or chosen."""

    id: str
    running: bool
    title: str
    """Of the session."""


class ConversationRepository:
    """Changes of sessions. Every call may run twice (see `Database.run`), so every write is repeatable without harm."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, user_id: str, session: Mapping[str, Any]) -> None:
        """Keep a new session with its lanes: a mapping by column."""
        await self._write(CREATE, user_id, _json(session))

    async def change(self, user_id: str, session_id: str, columns: Mapping[str, Any]) -> bool:
        """Change these columns; whether there is such a session of that user."""
        return await self._write(CHANGE, user_id, session_id, _json(columns)) > 0

    async def lanes(self, user_id: str, session_id: str) -> SessionLanes | None:
        """The session's lanes."""
        rows = await self._read(LANES, user_id, session_id)
        if not rows:
            return None
        lanes = (StoredLane(row["position"], row["model"], row["parameters"], row["run_id"]) for row in rows if row["id"] is not None)
        return SessionLanes(tuple(lanes), rows[0]["defaults"])

    async def add_lane(self, user_id: str, session_id: str, lane: Mapping[str, Any], *, most: int) -> bool:
        """Add a lane; False where the session has as many as it may."""
        return await self._write(ADD_LANE, user_id, session_id, most, _json(lane)) > 0

    async def change_lane(self, session_id: str, number: int, columns: Mapping[str, Any]) -> bool:
        """Change a lane's model and parameters; False while it is being written."""
        return await self._write(CHANGE_LANE, session_id, number, _json(columns)) > 0

    async def remove_lane(self, session_id: str, number: int) -> bool:
        """Remove a lane; False while it is being written."""
        return await self._write(CHANGE_LANE, session_id, number, None) > 0

    async def order_lanes(self, session_id: str, numbers: Sequence[int]) -> None:
        """Put the lanes into this order."""
        await self._write(ORDER_LANES, session_id, list(numbers))

    async def move_heads(self, session_id: str, numbers: Sequence[int], answer_id: str | None) -> int:
        """Let the next turn of these lanes continue that answer; how many lanes that is: not those that are being written."""
        return await self._write(MOVE_HEADS, session_id, list(numbers), answer_id)

    async def answer(self, user_id: str, session_id: str, answer_id: str) -> ForkedAnswer | None:
        """An answer that was not deleted."""
        rows = await self._read(ANSWER, user_id, session_id, answer_id)
        return ForkedAnswer(rows[0]["id"], rows[0]["status"] == "running", rows[0]["title"]) if rows else None

    async def delete_answers(self, user_id: str, session_id: str, answer_ids: Sequence[str]) -> int:
        """Delete what these answers say; how many that were: not those that are being written."""
        return await self._write(DELETE_ANSWERS, user_id, session_id, list(answer_ids))

    async def answers_of_turn(self, user_id: str, session_id: str, turn_id: str) -> dict[str, bool] | None:
        """Whether each answer of a turn is being written, by its id; `None`: there is no such turn."""
        rows = await self._read(ANSWERS_OF_TURN, user_id, session_id, turn_id)
        return {row["id"]: row["status"] == "running" for row in rows if row["id"] is not None} if rows else None

    async def delete_prompt(self, session_id: str, turn_id: str) -> None:
        """Delete what a turn asked."""
        await self._write(DELETE_PROMPT, session_id, turn_id)

    async def chain(self, answer_id: str) -> list[str]:
        """The ids of the answers from the start to this one, without those that were deleted."""
        return [row["id"] for row in await self._read(CHAIN, answer_id)]

    async def fork(self, fork: Mapping[str, Any]) -> None:
        """Keep a fork: see `FORK` for its members."""
        await self._write(FORK, _json(fork))

    async def to_trash(self, user_id: str, session_id: str) -> bool:
        """Move a session to the trash; whether there is such a session of that user."""
        return await self._write(TO_TRASH, user_id, session_id) > 0

    async def restore(self, user_id: str, session_id: str) -> bool:
        """Take a session out of the trash; whether it was there."""
        return await self._write(RESTORE, user_id, session_id) > 0

    async def delete(self, user_id: str, session_id: str) -> bool:
        """Delete a session for good, also out of the trash; whether there was such a session of that user."""
        where = {"id": session_id, "user_id": user_id}
        return await self._database.run(lambda prisma: prisma.sessions.delete_many(where=where)) > 0  # type: ignore[arg-type]

    async def empty_trash(self, days: int) -> int:
        """Delete for good what was deleted or expired so long ago; how many sessions that were."""
        return await self._write(EMPTY_TRASH, days)

    async def _write(self, statement: str, *parameters: Any) -> int:  # noqa: ANN401
        return await self._database.run(lambda prisma: prisma.execute_raw(statement, *parameters))

    async def _read(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        return await self._database.run(lambda prisma: prisma.query_raw(statement, *parameters))


def _json(row: Mapping[str, Any]) -> str:
    return msgspec.json.encode(row).decode()
