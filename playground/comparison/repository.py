"""Every database query about sessions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from playground.comparison.recording.rows import RowsRefused, TurnOrphaned, TurnRefused, TurnRow
from playground.comparison.recording.statements import (
    KEEP_ANSWERS,
    OPEN_TURN,
    WITHDRAW_TURN,
    answer_rows,
    close_turn,
    closing_rows,
    in_parts,
    opening_rows,
    withdrawn_rows,
)
from playground.database import sqlstate
from playground.database.client import LIST_SECONDS, REPORT_SECONDS, Database
from playground.database.generated.errors import RawQueryError

from . import stored_sessions as stored
from .plan import AnswerRecord
from .search import terms_of
from .session_lists import FIGURES, LIST, SEARCH, SUMMARIES, SessionFilter
from .stored_sessions import (
    ALIVE,
    ANSWERS,
    ASKED,
    CONTINUED,
    EXCHANGES,
    SESSIONS,
    AskedAnswer,
    ContinuedSession,
    EarlierAnswer,
    Exchange,
    StartedRun,
    StoredAnswer,
    StoredSession,
    decoded,
    parts_of,
)

T = TypeVar("T")

_PARENTS = ("sessions_user_id_fkey", "turns_session_id_fkey", "runs_session_id_fkey")


_NARROW_LIST = "Narrow the list by `from`, `to` or `model`, or search for longer words."
_NARROW_TEXTS = "Ask again later, or for fewer sessions at once."


class SessionRepository:
    """Sessions in the database. Every call may run twice (see `Database.run`), so every write can safely be repeated."""

    def __init__(self, database: Database, *, closing_also: str = "") -> None:
        """`closing_also` is SQL that the statement which closes a turn also runs; see `close_turn` in `statements.py`."""
        self._database = database
        self._close_turn = close_turn(closing_also)

    async def open_turn(self, turn: TurnRow, *, as_next: bool = False) -> None:
        """Store a turn that starts, and its session and lanes if they are new. Existing rows are left unchanged.

        `as_next`: under the next free number of the session, whatever its own, and without its idempotency key. Raises `TurnOrphaned` when
        its user, session or turn is gone, `TurnRefused` when its lanes are busy or changed, or another has its number or its key,
        `RowsRefused`.
        """
        rows = opening_rows(turn, as_next=as_next)
        try:
            await self._database.run(lambda prisma: prisma.execute_raw(OPEN_TURN, rows))
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.FOREIGN_KEY_VIOLATION:
                raise RowsRefused(error.meta["code"]) from error
            # Nothing of the statement was kept.
            message = error.meta["message"]
            if any(parent in message for parent in _PARENTS) or (not turn.new_turn and "runs_turn_id_fkey" in message):
                raise TurnOrphaned(turn.turn_id) from error
            # Its lanes are busy or were changed, or another turn has its number or its idempotency key.
            raise TurnRefused(turn.turn_id) from error

    async def close_turn(self, turn: TurnRow, answers: Sequence[AnswerRecord]) -> None:
        """Store the results of a turn; storing the last answers closes it. Raises `RowsRefused`."""
        *first, last = in_parts(answers)
        for part in first:
            await self._keep(KEEP_ANSWERS, answer_rows(part))
        await self._keep(self._close_turn, closing_rows(turn, answers, last))

    async def _keep(self, statement: str, rows: str) -> None:
        try:
            await self._database.run(lambda prisma: prisma.execute_raw(statement, rows))
        except RawQueryError as error:
            raise RowsRefused(error.meta["code"]) from error

    async def withdraw_turn(self, turn: TurnRow) -> None:
        """Delete a turn of which nothing was sent, with its session when that was new and has no other. Nothing happens without one."""
        rows = withdrawn_rows(turn)
        await self._database.run(lambda prisma: prisma.execute_raw(WITHDRAW_TURN, rows))
        if turn.new_session:
            await self._database.run(lambda prisma: prisma.sessions.delete_many(where={"id": turn.session_id, "turns": {"none": {}}}))

    async def healthy(self) -> bool:
        """Return whether the database responds now."""
        return await self._database.healthy()

    async def sessions(self, user_id: str, session_ids: Sequence[str]) -> list[StoredSession]:
        """Return the user's sessions without their turns, in the order of `session_ids`."""
        found = await self._read(user_id, SESSIONS, user_id, list(session_ids), kind=list[StoredSession])
        return sorted(found, key=lambda session: session_ids.index(session.id))

    async def answers(self, user_id: str, session_ids: Sequence[str], *, run_id: str | None = None) -> AsyncIterator[list[StoredAnswer]]:
        """Everything that was said in sessions of that user, in order, part by part; by one run only where it is given."""
        place, number, lane, version = 0, 0, -1, 0
        while part := await self._read(
            user_id,
            ANSWERS,
            *(list(session_ids), place, number, lane, version, run_id, stored.PART_ANSWERS, stored.PART_BYTES),
            kind=list[StoredAnswer],
        ):
            yield part
            place, number, lane, version = part[-1].place, part[-1].number, part[-1].lane, part[-1].columns["version"]

    async def continued(self, user_id: str, session_id: str, most_bytes: int, *, turn_id: str | None = None) -> ContinuedSession | None:
        """What the next turn of that user's session needs, with the newest of what its lanes have said that fits into so many bytes.

        With `turn_id`, what an answer needs that continues the same as those of that turn.
        """
        found = await self._read(user_id, CONTINUED, user_id, session_id, most_bytes, turn_id, kind=list[ContinuedSession])
        return found[0] if found else None

    async def answer(self, user_id: str, session_id: str, lane: int, answer_id: str | None) -> AskedAnswer | None:
        """An answer of that lane, or the newest of its conversation where none is named. Not one that was deleted."""
        found = await self._read(user_id, ASKED, user_id, session_id, lane, answer_id, kind=list[AskedAnswer])
        return found[0] if found else None

    async def exchanges(self, user_id: str, said: Sequence[EarlierAnswer]) -> dict[str, Exchange]:
        """Return the texts of these answers and their prompts, by answer id."""
        found: dict[str, Exchange] = {}
        for part in parts_of(said):
            ids = [each.answer_id for each in part]
            found |= {each.answer_id: each for each in await self._read(user_id, EXCHANGES, ids, kind=list[Exchange])}
        return found

    async def _read(self, owner: str, statement: str, *parameters: Any, kind: type[list[T]]) -> list[T]:  # noqa: ANN401
        [row] = await self._database.read(owner, statement, *parameters, seconds=REPORT_SECONDS, narrow=_NARROW_TEXTS)
        return decoded(row["found"], kind)

    async def owns(self, user_id: str, session_id: str) -> bool:
        """Whether there is such a session of that user."""
        statement = f"SELECT FROM sessions s WHERE s.user_id = $1 AND s.id = $2 AND {ALIVE}"
        return bool(await self._database.run(lambda prisma: prisma.query_raw(statement, user_id, session_id)))

    async def find_by_key(self, user_id: str, idempotency_key: str) -> StartedRun | None:
        """The run that was started with this key."""
        where = {"user_id": user_id, "idempotency_key": idempotency_key}
        row = await self._database.run(lambda prisma: prisma.runs.find_first(where=where))  # type: ignore[arg-type]
        return None if row is None else StartedRun(row.id, row.session_id, row.request_hash, row.created_at, row.finished_at)

    async def page(self, user_id: str, wanted: SessionFilter, *, cursor: str | None, limit: int) -> list[dict[str, Any]]:
        """Return sessions, newest first, starting after `cursor`: id, title, created_at, updated_at."""
        terms = [] if wanted.text is None else terms_of(wanted.text)
        parameters = (user_id, cursor, terms, wanted.model, wanted.status, _iso(wanted.since), _iso(wanted.until), limit)
        marks = (list(wanted.tags), wanted.favourite, wanted.deleted)
        statement = SEARCH if terms else LIST
        return await self._database.read(user_id, statement, *parameters, *marks, seconds=LIST_SECONDS, narrow=_NARROW_LIST)

    async def summaries(self, user_id: str, session_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """What each lane of these sessions came to, by session, in the order of lanes."""
        rows = await self._database.read(user_id, SUMMARIES, list(session_ids), seconds=LIST_SECONDS, narrow=_NARROW_LIST)
        return _by_session(rows)

    async def figures(self, user_id: str, session_ids: Sequence[str], most: int) -> dict[str, list[dict[str, Any]]]:
        """Tokens, cost and times of answers of these sessions, by session, in the order of turns and lanes: the newest `most`."""
        rows = await self._database.read(user_id, FIGURES, list(session_ids), most, seconds=LIST_SECONDS, narrow=_NARROW_LIST)
        return _by_session(rows[::-1])

    async def busy(self, lane_ids: Sequence[str]) -> str | None:
        """The run that is writing an answer of one of these lanes."""
        where = {"id": {"in": list(lane_ids)}, "run_id": {"not": None}}
        lane = await self._database.run(lambda prisma: prisma.lanes.find_first(where=where))  # type: ignore[arg-type]
        return None if lane is None else lane.run_id


def _by_session(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    by_session: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_session[row.pop("session_id")].append(row)
    return by_session


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
