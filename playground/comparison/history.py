"""Reading, renaming and deleting stored sessions. A running turn is shown with the text that it has so far."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from playground.comparison.running.runs import Runs

from .repository import SessionFilter, SessionRepository
from .schemas import AnswerFigures, LaneSummary, SessionPage, SessionSummary
from .service import SessionNotFound
from .streamed_sessions import Part, StreamedSession

_SESSIONS_AT_ONCE = 4
"""Sessions that an export reads in one query. Each may have four megabytes of parameters."""
MOST_FIGURES = 5_000
"""Answers whose metrics fit on one page."""

T = TypeVar("T")


class History:
    """A user's sessions."""

    def __init__(self, runs: Runs, repository: SessionRepository) -> None:
        self._runs = runs
        self._repository = repository

    async def page(self, user_id: str, wanted: SessionFilter, *, cursor: str | None, limit: int, with_answers: bool) -> SessionPage:
        """Return a page of sessions, newest first. The page is shorter than `limit` if it includes answers and the sessions have many."""
        # Read one more than is shown, to know whether there is a next page.
        rows = await self._repository.page(user_id, wanted, cursor=cursor, limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        ids = [row["id"] for row in rows]
        lanes = await self._repository.summaries(user_id, ids) if ids else {}
        shown = _fitting(ids, lanes) if with_answers else len(rows)
        more, rows, ids = more or shown < len(rows), rows[:shown], ids[:shown]
        figures = await self._repository.figures(user_id, ids, MOST_FIGURES) if with_answers and ids else {}
        items = [_summary(row, lanes.get(row["id"], []), figures.get(row["id"], []) if with_answers else None) for row in rows]
        return SessionPage(items=items, next_cursor=rows[-1]["id"] if more else None)

    async def detail(self, user_id: str, session_id: str) -> AsyncIterator[list[Part]]:
        """Return one session with all its texts, part by part. Raises `SessionNotFound` before the first part."""
        run = self._runs.of_session(session_id)
        if run is not None and run.plan.user_id == user_id:
            await run.opened.wait()
        parts = self._parts(user_id, [session_id])
        return await with_first_read(parts, SessionNotFound)

    async def export(self, user_id: str, wanted: SessionFilter) -> AsyncIterator[list[Part]]:
        """Return all sessions with their texts, newest first, part by part.

        The first part is read before this returns, so that an unavailable database causes an error response and not a truncated one.
        """
        return await with_first_read(self._all_parts(user_id, wanted))

    async def _all_parts(self, user_id: str, wanted: SessionFilter) -> AsyncIterator[list[Part]]:
        cursor = None
        while rows := await self._repository.page(user_id, wanted, cursor=cursor, limit=_SESSIONS_AT_ONCE):
            cursor = rows[-1]["id"]
            async for part in self._parts(user_id, [row["id"] for row in rows]):
                yield part

    async def _parts(self, user_id: str, session_ids: list[str]) -> AsyncIterator[list[Part]]:
        sessions = await self._repository.sessions(user_id, session_ids)
        left = deque(StreamedSession(session, self._runs.of_session(session.id)) for session in sessions)
        if not left:
            return
        part: list[Part] = [left[0].detail]
        async for answers in self._repository.answers(user_id, [session.id for session in sessions]):
            for answer in answers:
                # This also skips sessions without answers.
                while left[0].session is not sessions[answer.place - 1]:
                    left.popleft()
                    part.append(left[0].detail)
                part += left[0].parts(answer)
            yield part
            part = []
        yield [*part, *(streamed.detail for streamed in list(left)[1:])]

    async def rename(self, user_id: str, session_id: str, title: str) -> AsyncIterator[list[Part]]:
        """Change the title of a session, and return the session like `detail`. Raises `SessionNotFound`."""
        if not await self._repository.rename(user_id, session_id, title):
            raise SessionNotFound
        return await self.detail(user_id, session_id)

    async def delete(self, user_id: str, session_id: str) -> None:
        """Delete a session, after stopping its running turn. Raises `SessionNotFound`."""
        run = self._runs.of_session(session_id)
        if run is not None and run.plan.user_id == user_id:
            run.stop()
            await run.recorded.wait()
        if not await self._repository.delete(user_id, session_id):
            raise SessionNotFound


async def with_first_read(parts: AsyncIterator[T], empty: Callable[[], Exception] | None = None) -> AsyncIterator[T]:
    """Read the first part, and return an iterator over all of them. Raises the errors of that read, and `empty` if there are no parts."""
    first = await anext(parts, None)
    if first is None and empty is not None:
        raise empty()

    async def all_of_them() -> AsyncIterator[T]:
        if first is not None:
            yield first
        async for part in parts:
            yield part

    return all_of_them()


def _fitting(ids: Sequence[str], lanes: Mapping[str, list[dict[str, Any]]]) -> int:
    """Return how many of these sessions fit on a page with the metrics of their answers; at least one."""
    room = MOST_FIGURES
    for shown, session_id in enumerate(ids):
        room -= sum(lane["answers"] for lane in lanes.get(session_id, []))
        if room < 0:
            return max(shown, 1)
    return len(ids)


def _summary(row: dict[str, Any], lanes: list[dict[str, Any]], figures: list[dict[str, Any]] | None) -> SessionSummary:
    return SessionSummary(
        **row,
        turns=max((lane["turns"] for lane in lanes), default=0),
        lanes=[LaneSummary.model_validate(lane) for lane in lanes],
        total_tokens=sum(lane["tokens"] for lane in lanes),
        total_cost=_sum_costs(lanes, simulated=False),
        simulated_cost=_sum_costs(lanes, simulated=True),
        unknown_costs=sum(lane["unknown_costs"] for lane in lanes),
        answers=None if figures is None else [AnswerFigures.model_validate(figure) for figure in figures],
    )


def _sum_costs(lanes: list[dict[str, Any]], *, simulated: bool) -> Decimal:
    return sum((lane["cost"] for lane in lanes if lane["simulated"] == simulated and lane["cost"] is not None), Decimal(0))
