"""Every database query about sessions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from playground.comparison.recording.rows import RowsRefused, TurnOrphaned, TurnRefused, TurnRow
from playground.comparison.recording.statements import (
    KEEP_ANSWERS,
    OPEN_TURN,
    answer_rows,
    close_turn,
    closing_rows,
    in_parts,
    opening_rows,
)
from playground.database import sqlstate
from playground.database.client import LIST_SECONDS, REPORT_SECONDS, Database
from playground.database.generated import models
from playground.database.generated.errors import RawQueryError

from . import stored_sessions as stored
from .plan import AnswerRecord
from .search import MATCHES, WANTED, terms_of
from .stored_sessions import (
    ANSWERS,
    CONTINUED,
    EXCHANGES,
    SESSIONS,
    ContinuedSession,
    EarlierAnswer,
    Exchange,
    StoredAnswer,
    StoredSession,
    decoded,
    parts_of,
)

T = TypeVar("T")

_PARENTS = ("sessions_user_id_fkey", "turns_session_id_fkey")


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Selects sessions of a user. A field that is `None` doesn't filter."""

    text: str | None = None
    """Words, or phrases in quotation marks, that the title or one prompt contains; case is ignored."""
    model: str | None = None
    status: str | None = None
    """At least one answer has this status."""
    since: datetime | None = None
    until: datetime | None = None


_PAGE = """
SELECT s.id, s.title, s.created_at, s.updated_at
FROM sessions s
WHERE s.user_id = $1
  AND ($2::text IS NULL OR s.id < $2)
  AND ({matches})
  AND ($4::text IS NULL OR EXISTS (SELECT FROM lanes l WHERE l.session_id = s.id AND l.model = $4))
  AND ($5::text IS NULL OR EXISTS (
        SELECT FROM answers a JOIN turns t ON t.id = a.turn_id WHERE t.session_id = s.id AND a.status::text = $5))
  AND ($6::timestamptz IS NULL OR s.created_at >= $6::timestamptz)
  AND ($7::timestamptz IS NULL OR s.created_at < $7::timestamptz)
ORDER BY s.id DESC
LIMIT $8::int
"""
_LIST = _PAGE.format(matches="$3::text[] IS NOT NULL")
_SEARCH = WANTED + _PAGE.format(matches=MATCHES)

_SUMMARIES = """
SELECT t.session_id, l.position AS lane, l.model, l.provider, l.simulated, max(t.number) AS turns, count(*)::int AS answers,
       (array_agg(a.status::text ORDER BY t.number DESC))[1] AS status,
       sum(coalesce(a.input_tokens, 0) + coalesce(a.output_tokens, 0))::bigint AS tokens, sum(a.cost) AS cost,
       (count(*) FILTER (WHERE a.cost IS NULL AND a.status <> 'running'))::int AS unknown_costs
FROM answers a JOIN turns t ON t.id = a.turn_id JOIN lanes l ON l.id = a.lane_id
WHERE t.session_id = ANY($1::text[])
GROUP BY t.session_id, l.id
ORDER BY t.session_id, l.position
"""

# Without the texts, which may be megabytes.
_FIGURES = """
SELECT t.session_id, t.number AS turn, l.position AS lane, l.model, l.provider, l.simulated, a.status::text AS status,
       a.input_tokens, a.output_tokens, a.estimated, a.cost, a.own_key, a.time_to_first_token, a.response_time,
       a.tokens_per_second, a.time_to_first_answer, a.total_time, a.created_at
FROM answers a JOIN turns t ON t.id = a.turn_id JOIN lanes l ON l.id = a.lane_id
WHERE t.session_id = ANY($1::text[])
ORDER BY t.session_id DESC, t.number DESC, l.position DESC
LIMIT $2::int
"""

_NARROW_LIST = "Narrow the list with `from`, `to` or `model`, or search for longer words."
_NARROW_TEXTS = "Try again later, or request fewer sessions at once."


class SessionRepository:
    """Sessions in the database. Every call may run twice (see `Database.run`), so every write can safely be repeated."""

    def __init__(self, database: Database, *, closing_also: str = "") -> None:
        """`closing_also` is SQL that the statement which closes a turn also runs; see `close_turn` in `statements.py`."""
        self._database = database
        self._close_turn = close_turn(closing_also)

    async def open_turn(self, turn: TurnRow, *, as_next: bool = False) -> None:
        """Store a turn that starts, and its session and lanes if they are new. Existing rows are left unchanged.

        `as_next`: store it under the session's next free number and without its idempotency key. Raises `TurnOrphaned` if its user or
        session no longer exists, `TurnRefused` if another turn has its number or key, `RowsRefused`.
        """
        rows = opening_rows(turn, as_next=as_next)
        try:
            await self._database.run(lambda prisma: prisma.execute_raw(OPEN_TURN, rows))
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.FOREIGN_KEY_VIOLATION:
                raise RowsRefused(error.meta["code"]) from error
            # The whole statement was rolled back.
            if any(parent in error.meta["message"] for parent in _PARENTS):
                raise TurnOrphaned(turn.turn_id) from error
            # Another row has the turn's number or idempotency key, so the turn was not inserted and its answers refer to nothing.
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
        """Delete a turn that sent no requests, and its session if it was new and has no other turn. Safe if it doesn't exist."""
        await self._database.run(lambda prisma: prisma.turns.delete_many(where={"id": turn.turn_id}))
        if turn.new_session:
            await self._database.run(lambda prisma: prisma.sessions.delete_many(where={"id": turn.session_id, "turns": {"none": {}}}))

    async def healthy(self) -> bool:
        """Return whether the database responds now."""
        return await self._database.healthy()

    async def sessions(self, user_id: str, session_ids: Sequence[str]) -> list[StoredSession]:
        """Return the user's sessions without their turns, in the order of `session_ids`."""
        found = await self._read(user_id, SESSIONS, user_id, list(session_ids), kind=list[StoredSession])
        return sorted(found, key=lambda session: session_ids.index(session.id))

    async def answers(self, user_id: str, session_ids: Sequence[str], *, turn: int | None = None) -> AsyncIterator[list[StoredAnswer]]:
        """Return all answers in these sessions of the user, in order, part by part; only those of `turn` if it is set."""
        place, number, lane = 0, 0, -1
        while part := await self._read(
            user_id,
            ANSWERS,
            *(list(session_ids), place, number, lane, turn, stored.PART_ANSWERS, stored.PART_BYTES),
            kind=list[StoredAnswer],
        ):
            yield part
            place, number, lane = part[-1].place, part[-1].number, part[-1].lane

    async def continued(self, user_id: str, session_id: str, most_bytes: int) -> ContinuedSession | None:
        """Return what the next turn of the user's session needs, with the newest answers of its lanes that fit into `most_bytes`."""
        found = await self._read(user_id, CONTINUED, user_id, session_id, most_bytes, kind=list[ContinuedSession])
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
        """Return whether the user has this session."""
        return await self._database.run(lambda prisma: prisma.sessions.count(where={"id": session_id, "user_id": user_id})) > 0

    async def find_by_key(self, user_id: str, idempotency_key: str) -> models.turns | None:
        """Return the turn that was started with this key."""
        where = {"user_id": user_id, "idempotency_key": idempotency_key}
        return await self._database.run(lambda prisma: prisma.turns.find_first(where=where))  # type: ignore[arg-type]

    async def page(self, user_id: str, wanted: SessionFilter, *, cursor: str | None, limit: int) -> list[dict[str, Any]]:
        """Return sessions, newest first, starting after `cursor`: id, title, created_at, updated_at."""
        terms = [] if wanted.text is None else terms_of(wanted.text)
        parameters = (user_id, cursor, terms, wanted.model, wanted.status, _iso(wanted.since), _iso(wanted.until), limit)
        statement = _SEARCH if terms else _LIST
        return await self._database.read(user_id, statement, *parameters, seconds=LIST_SECONDS, narrow=_NARROW_LIST)

    async def summaries(self, user_id: str, session_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the totals of each lane of these sessions, by session, in the order of the lanes."""
        rows = await self._database.read(user_id, _SUMMARIES, list(session_ids), seconds=LIST_SECONDS, narrow=_NARROW_LIST)
        return _by_session(rows)

    async def figures(self, user_id: str, session_ids: Sequence[str], most: int) -> dict[str, list[dict[str, Any]]]:
        """Return tokens, cost and times of the newest `most` answers of these sessions, by session, in the order of turns and lanes."""
        rows = await self._database.read(user_id, _FIGURES, list(session_ids), most, seconds=LIST_SECONDS, narrow=_NARROW_LIST)
        return _by_session(rows[::-1])

    async def rename(self, user_id: str, session_id: str, title: str) -> bool:
        """Change the title of a session; return whether the user has this session."""
        where = {"id": session_id, "user_id": user_id}
        changed = await self._database.run(lambda prisma: prisma.sessions.update_many(where=where, data={"title": title}))  # type: ignore[arg-type]
        return changed > 0

    async def delete(self, user_id: str, session_id: str) -> bool:
        """Delete a session with everything in it; return whether the user had this session."""
        where = {"id": session_id, "user_id": user_id}
        return await self._database.run(lambda prisma: prisma.sessions.delete_many(where=where)) > 0  # type: ignore[arg-type]


def _by_session(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    by_session: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_session[row.pop("session_id")].append(row)
    return by_session


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
