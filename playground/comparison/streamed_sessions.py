"""A session as a stream of parts, so that no session has to fit into memory."""

from collections.abc import AsyncIterator, Iterator, Sequence

from playground.comparison.recording.statements import answer_columns, made_by
from playground.comparison.running.lane import Lane
from playground.comparison.running.run import Run
from playground.comparison.running.timeline import unpacked
from playground.kit.closing_stream import ClosingStream
from playground.providers.answer.finish_reasons import ending_of

from .schemas import Answer, AnswerError, AnswerStatus, LaneState, SessionDetail, SessionLaneDetail, Turn
from .stored_sessions import StoredAnswer, StoredSession, StoredTurn, with_floats

Part = SessionDetail | Turn | Answer
"""A session without turns, a turn without answers, or an answer."""

_ENDS = {SessionDetail: "]}", Turn: "]}", Answer: ""}
"""How the JSON of each part ends after its children: their list is its last field."""


class StreamedSession:
    """A stored session, with what its runs have in memory."""

    def __init__(self, session: StoredSession, runs: Sequence[Run]) -> None:
        self.session = session
        self._running = any(run.finished_at is None for run in runs)
        self._live = {lane.plan.answer_id: lane for run in runs for lane in run.lanes}
        self._by_lane = {lane.plan.lane_id: lane for run in runs if run.finished_at is None for lane in run.lanes}
        self._branches = set(session.branches)

    @property
    def detail(self) -> SessionDetail:
        """Return the session without its turns."""
        session = self.session
        return SessionDetail(
            id=session.id,
            title=session.title,
            tags=session.tags,
            favourite=session.favourite,
            metadata=with_floats(session.metadata),
            parameters=with_floats(session.parameters),
            forked_from=session.forked_from,
            created_at=session.created_at,
            updated_at=session.updated_at,
            expires_at=session.expires_at,
            running=self._running,
            lanes=[
                SessionLaneDetail(
                    lane=lane.position,
                    model=lane.model,
                    provider=lane.provider,
                    simulated=lane.simulated,
                    status=_status(lane.status, self._by_lane.get(lane.id)),
                    parameters=with_floats(lane.parameters),
                    head_id=lane.head_id,
                    removed=lane.removed,
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
        yield stored_answer(answer, live, current=answer.columns["id"] not in self._branches)


def _status(stored: AnswerStatus | None, live: Lane | None) -> LaneState:
    if live is not None:
        return live.record.status if live.record is not None else "running"
    return stored or "waiting"


def _turn(turn: StoredTurn) -> Turn:
    return Turn(
        id=turn.id,
        turn=turn.number,
        prompt=turn.prompt,
        run_id=turn.run_id,
        replaces_id=turn.replaces_id,
        deleted=turn.deleted_at is not None,
        created_at=turn.created_at,
        finished_at=turn.finished_at,
        answers=[],
    )


def stored_answer(answer: StoredAnswer, live: Lane | None = None, *, current: bool = True) -> Answer:
    """Return an answer as the wire shows it; `live` is its lane in memory while it is being produced."""
    columns = dict(answer.columns)
    if live is not None:
        columns["text"], columns["reasoning"] = live.written()
        if live.record is not None:
            columns |= answer_columns(live.record) | made_by(live.record)
    code = columns["error_code"]
    counted = columns["input_tokens"] is not None
    return Answer.model_validate(
        {
            **{name: columns[name] for name in Answer.model_fields if name in columns},
            "parameters": with_floats(columns["parameters"]),
            "lane": answer.lane,
            "current": current,
            "deleted": columns["deleted_at"] is not None,
            "ending": ending_of(columns["finish_reason"]),
            "error": AnswerError(code=code, message=columns["error_message"], retryable=columns["error_retryable"]) if code else None,
            "timeline": None if columns["timeline"] is None else unpacked(columns["timeline"]),
            "tokens_used": columns["input_tokens"] + columns["output_tokens"] if counted else None,
        }
    )


def written(parts: AsyncIterator[list[Part]], status_code: int = 200) -> ClosingStream:
    """Return one session as the response that writes it while it is read."""
    return ClosingStream(as_object(parts), media_type="application/json", status_code=status_code)


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
