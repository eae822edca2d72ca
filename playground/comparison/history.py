"""Reading, renaming and deleting stored sessions. A running turn is shown with the text that it has so far."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from playground.comparison.running.runs import Runs

from .planning import SessionNotFound
from .repository import SessionRepository
from .schemas import Answer, AnswerFigures, LaneSummary, RunResult, SessionPage, SessionSummary
from .session_lists import SessionFilter
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
        """Everything about one session, a part at a time. Raises `SessionNotFound`, before the first."""
        for run in self._runs.of_session(session_id):
            if run.plan.user_id == user_id:
                await run.opened.wait()
        parts = self._parts(user_id, [session_id])
        return await with_first_read(parts, SessionNotFound)

    async def result(self, user_id: str, session_id: str, run_id: str) -> RunResult:
        """All answers of one run that is over. Raises `SessionNotFound`."""
        sessions = await self._repository.sessions(user_id, [session_id])
        stored = [answer async for part in self._repository.answers(user_id, [session_id], run_id=run_id) for answer in part]
        if not sessions or not stored or stored[0].turn is None:
            raise SessionNotFound
        turn, streamed = stored[0].turn, StreamedSession(sessions[0], self._runs.of_session(session_id))
        answers = [part for answer in stored for part in streamed.parts(answer) if isinstance(part, Answer)]
        return RunResult(
            session_id=session_id,
            run_id=run_id,
            turn_id=turn.id,
            turn=turn.number,
            prompt=turn.prompt,
            answers=answers,
            total_tokens=sum(answer.tokens_used or 0 for answer in answers),
            total_cost=sum((answer.cost for answer in answers if answer.cost is not None and not answer.simulated), Decimal(0)),
            unknown_costs=sum(answer.cost is None for answer in answers),
            simulated_cost=sum((answer.cost for answer in answers if answer.cost is not None and answer.simulated), Decimal(0)),
        )

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

    async def stop(self, user_id: str, session_id: str) -> None:
        """Stop what is running in a session, and wait until it is recorded."""
        runs = [run for run in self._runs.of_session(session_id) if run.plan.user_id == user_id]
        for run in runs:
            run.stop()
        for run in runs:
            await run.recorded.wait()


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
        lanes=[LaneSummary.model_validate(lane | {"status": lane["status"] or "waiting"}) for lane in lanes],
        total_tokens=sum(lane["tokens"] for lane in lanes),
        total_cost=_sum_of(lanes, "cost"),
        simulated_cost=_sum_of(lanes, "simulated_cost"),
        unknown_costs=sum(lane["unknown_costs"] for lane in lanes),
        answers=None if figures is None else [AnswerFigures.model_validate(figure) for figure in figures],
    )


def _sum_of(lanes: list[dict[str, Any]], cost: str) -> Decimal:
    return sum((lane[cost] for lane in lanes if lane[cost] is not None), Decimal(0))
