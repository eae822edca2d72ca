"""Reading and changing what is kept of sessions. A turn that goes on is shown as far as it has come."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from prisma import models

from playground.providers.finish_reasons import ending_of

from .lane import Lane
from .repository import SessionFilter, SessionRepository
from .run import Run
from .runs import Runs
from .schemas import (
    Answer,
    AnswerError,
    AnswerFigures,
    LaneSummary,
    SessionDetail,
    SessionLaneDetail,
    SessionPage,
    SessionSummary,
    Turn,
)
from .service import SessionNotFound
from .statements import answer_columns
from .timeline import unpacked

_EXPORTED_AT_ONCE = 10
"""Sessions in memory while they are exported: the texts of one can be megabytes."""


class History:
    """A user's sessions."""

    def __init__(self, runs: Runs, repository: SessionRepository) -> None:
        self._runs = runs
        self._repository = repository

    async def page(self, user_id: str, wanted: SessionFilter, *, cursor: str | None, limit: int, with_answers: bool) -> SessionPage:
        """A page of sessions, newest first. One more is asked for than shown, to know whether there is a next page."""
        rows = await self._repository.page(user_id, wanted, cursor=cursor, limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        figures = await self._repository.figures([row["id"] for row in rows])
        items = [_summary(row, figures.get(row["id"], []), with_answers=with_answers) for row in rows]
        return SessionPage(items=items, next_cursor=rows[-1]["id"] if more else None)

    async def detail(self, user_id: str, session_id: str) -> SessionDetail:
        """Everything about one session. Raises `SessionNotFound`."""
        run = self._runs.of_session(session_id)
        if run is not None and run.plan.user_id == user_id:
            await run.opened.wait()
        session = await self._repository.get(user_id, session_id)
        if session is None:
            raise SessionNotFound
        return _detail(session, run)

    async def export(self, user_id: str, wanted: SessionFilter) -> AsyncIterator[list[SessionDetail]]:
        """All sessions with their texts, newest first, a few at a time.

        The first few are read before this returns, so that a database that is away is told as an error, and not by an answer cut off.
        """
        pages = self._details(user_id, wanted)
        first: list[SessionDetail] = await anext(pages, [])

        async def all_pages() -> AsyncIterator[list[SessionDetail]]:
            yield first
            async for page in pages:
                yield page

        return all_pages()

    async def _details(self, user_id: str, wanted: SessionFilter) -> AsyncIterator[list[SessionDetail]]:
        cursor = None
        while rows := await self._repository.page(user_id, wanted, cursor=cursor, limit=_EXPORTED_AT_ONCE):
            cursor = rows[-1]["id"]
            sessions = await self._repository.get_several(user_id, [row["id"] for row in rows])
            yield [_detail(session, self._runs.of_session(session.id)) for session in sessions]

    async def rename(self, user_id: str, session_id: str, title: str) -> SessionDetail:
        """Give a session another title. Raises `SessionNotFound`."""
        if not await self._repository.rename(user_id, session_id, title):
            raise SessionNotFound
        return await self.detail(user_id, session_id)

    async def delete(self, user_id: str, session_id: str) -> None:
        """Delete a session; a turn that goes on is stopped first. Raises `SessionNotFound`."""
        run = self._runs.of_session(session_id)
        if run is not None and run.plan.user_id == user_id:
            run.stop()
            await run.recorded.wait()
        if not await self._repository.delete(user_id, session_id):
            raise SessionNotFound


def _summary(row: dict[str, Any], figures: list[dict[str, Any]], *, with_answers: bool) -> SessionSummary:
    answers = [AnswerFigures.model_validate(figure) for figure in figures]
    newest = {answer.lane: answer for answer in answers}
    return SessionSummary(
        **row,
        turns=max((answer.turn for answer in answers), default=0),
        lanes=[LaneSummary(**answer.model_dump(include=set(LaneSummary.model_fields))) for _, answer in sorted(newest.items())],
        total_tokens=sum((answer.input_tokens or 0) + (answer.output_tokens or 0) for answer in answers),
        total_cost=_sum_costs(answers, simulated=False),
        simulated_cost=_sum_costs(answers, simulated=True),
        unknown_costs=sum(answer.cost is None and answer.status != "running" for answer in answers),
        answers=answers if with_answers else None,
    )


def _sum_costs(answers: list[AnswerFigures], *, simulated: bool) -> Decimal:
    return sum((answer.cost for answer in answers if answer.simulated == simulated and answer.cost is not None), Decimal(0))


def _detail(session: models.sessions, run: Run | None) -> SessionDetail:
    rows = session.lanes or []
    live = {lane.plan.answer_id: lane for lane in run.lanes} if run else {}
    turns = [_turn(turn, live if turn.finished_at is None else {}) for turn in session.turns or []]
    newest = {answer.lane: answer.status for turn in turns for answer in turn.answers}
    return SessionDetail(
        id=session.id,
        title=session.title,
        created_at=session.created_at,
        updated_at=session.updated_at,
        running=run is not None and run.finished_at is None,
        lanes=[
            SessionLaneDetail(
                lane=lane.position,
                model=lane.model,
                provider=lane.provider,
                simulated=lane.simulated,
                status=newest[lane.position],
                parameters=dict(lane.parameters),
            )
            for lane in rows
        ],
        turns=turns,
    )


def _turn(turn: models.turns, live: dict[str, Lane]) -> Turn:
    answers = [_answer(answer, live.get(answer.id)) for answer in turn.answers or []]
    return Turn(
        turn=turn.number,
        prompt=turn.prompt,
        run_id=turn.run_id,
        created_at=turn.created_at,
        finished_at=turn.finished_at,
        answers=sorted(answers, key=lambda answer: answer.lane),
    )


def _answer(row: models.answers, live: Lane | None) -> Answer:
    lane = row.lane
    if lane is None:
        raise LookupError(f"answer {row.id} was read without its lane")
    columns = row.model_dump(mode="python", exclude={"turn", "lane"})
    if live is not None:
        columns["text"], columns["reasoning"] = live.written()
        if live.record is not None:
            columns |= answer_columns(live.record)
    code = columns["error_code"]
    counted = columns["input_tokens"] is not None
    return Answer.model_validate(
        {
            **{name: columns[name] for name in Answer.model_fields if name in columns},
            "lane": lane.position,
            "simulated": lane.simulated,
            "ending": ending_of(columns["finish_reason"]),
            "error": AnswerError(code=code, message=columns["error_message"], retryable=columns["error_retryable"]) if code else None,
            "timeline": None if columns["timeline"] is None else unpacked(columns["timeline"]),
            "tokens_used": columns["input_tokens"] + columns["output_tokens"] if counted else None,
        }
    )
