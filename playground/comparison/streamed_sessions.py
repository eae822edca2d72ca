"""A session as a stream of parts, so that no session has to fit into memory."""

from collections.abc import AsyncIterator, Iterator

from playground.comparison.recording.statements import answer_columns
from playground.comparison.running.lane import Lane
from playground.comparison.running.run import Run
from playground.comparison.running.timeline import unpacked
from playground.providers.answer.finish_reasons import ending_of

from .schemas import Answer, AnswerError, AnswerStatus, SessionDetail, SessionLaneDetail, Turn
from .stored_sessions import StoredAnswer, StoredSession, StoredTurn

Part = SessionDetail | Turn | Answer
"""A session without turns, a turn without answers, or an answer."""

_ENDS = {SessionDetail: "]}", Turn: "]}", Answer: ""}
"""How the JSON of each part ends after its children: their list is its last field."""


class StreamedSession:
    """A stored session, combined with its running turn in memory."""

    def __init__(self, session: StoredSession, run: Run | None) -> None:
        self.session = session
        self._running = run is not None and run.finished_at is None
        self._live = {lane.plan.answer_id: lane for lane in run.lanes} if run else {}
        self._by_lane = {lane.plan.lane_id: lane for lane in run.lanes} if self._running and run else {}
        self._simulated = {lane.position: lane.simulated for lane in session.lanes}

    @property
    def detail(self) -> SessionDetail:
        """Return the session without its turns."""
        session = self.session
        return SessionDetail(
            id=session.id,
            title=session.title,
            created_at=session.created_at,
            updated_at=session.updated_at,
            running=self._running,
            lanes=[
                SessionLaneDetail(
                    lane=lane.position,
                    model=lane.model,
                    provider=lane.provider,
                    simulated=lane.simulated,
                    status=_status(lane.status, self._by_lane.get(lane.id)),
                    parameters=lane.parameters,
                )
                for lane in session.lanes
            ],
            turns=[],
        )

    def parts(self, answer: StoredAnswer) -> Iterator[Part]:
        """Yield the answer; before it its turn, if it is the turn's first answer."""
        if answer.turn is not None:
            yield _turn(answer.turn)
        live = self._live.get(answer.columns["id"]) if answer.open else None
        yield _answer(answer, live, simulated=self._simulated[answer.lane])


def _status(stored: AnswerStatus | None, live: Lane | None) -> AnswerStatus:
    if live is not None:
        return live.record.status if live.record is not None else "running"
    # If a lane has no answer, its only turn was withdrawn before anything was sent.
    return stored or "interrupted"


def _turn(turn: StoredTurn) -> Turn:
    return Turn(
        turn=turn.number, prompt=turn.prompt, run_id=turn.run_id, created_at=turn.created_at, finished_at=turn.finished_at, answers=[]
    )


def _answer(answer: StoredAnswer, live: Lane | None, *, simulated: bool) -> Answer:
    columns = dict(answer.columns)
    if live is not None:
        columns["text"], columns["reasoning"] = live.written()
        if live.record is not None:
            columns |= answer_columns(live.record)
    code = columns["error_code"]
    counted = columns["input_tokens"] is not None
    return Answer.model_validate(
        {
            **{name: columns[name] for name in Answer.model_fields if name in columns},
            "lane": answer.lane,
            "simulated": simulated,
            "ending": ending_of(columns["finish_reason"]),
            "error": AnswerError(code=code, message=columns["error_message"], retryable=columns["error_retryable"]) if code else None,
            "timeline": None if columns["timeline"] is None else unpacked(columns["timeline"]),
            "tokens_used": columns["input_tokens"] + columns["output_tokens"] if counted else None,
        }
    )


async def as_object(parts: AsyncIterator[list[Part]]) -> AsyncIterator[str]:
    """Yield one session as a JSON object."""
    writer = _Writer()
    async for part in parts:
        yield "".join(map(writer.written, part))
    yield writer.end()


async def as_array(parts: AsyncIterator[list[Part]]) -> AsyncIterator[str]:
    """Yield sessions as a JSON array."""
    writer = _Writer()
    yield "[\n"
    async for part in parts:
        yield "".join(map(writer.written, part))
    yield writer.end() + "\n]\n"


class _Writer:
    """Writes parts one after another, each into the list of its parent."""

    def __init__(self) -> None:
        self._open: list[type[Part]] = []
        """The kinds of the unfinished parts, outermost first."""
        self._follows: type[Part] | None = None
        """The kind of the last finished part. If another of the same kind follows, it needs a comma."""

    def written(self, part: Part) -> str:
        kind = type(part)
        ends = self._closed(kind)
        comma = ",\n" if self._follows is kind else ""
        end = _ENDS[kind]
        self._open.append(kind)
        self._follows = None
        return ends + comma + part.model_dump_json(by_alias=True).removesuffix(end)

    def end(self) -> str:
        return self._closed(SessionDetail)

    def _closed(self, kind: type[Part]) -> str:
        """Return the text that ends all parts which can't contain a part of this kind."""
        ends = ""
        while kind in self._open:
            self._follows = self._open.pop()
            ends += _ENDS[self._follows]
        return ends
