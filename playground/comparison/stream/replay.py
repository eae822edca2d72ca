"""The events of a run that is over, made again from its record: for a repeated request whose run left memory."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import UNSET

from playground.comparison.schemas import Answer
from playground.comparison.stored_sessions import StoredAnswer, StoredSession, StoredTurn
from playground.comparison.streamed_sessions import stored_answer
from playground.kit.wire import money
from playground.providers.calls import Attachment, Source

from .event_log import EventLog
from .events import (
    DoneEvent,
    ErrorEvent,
    LaneStatus,
    MetricsEvent,
    SessionEvent,
    SessionLane,
    SourcesEvent,
    StatusEvent,
    encode,
    json_text,
    version_field,
)
from .subscription import Subscription

_FROM_ANSWER = set(MetricsEvent.__struct_fields__) & set(Answer.model_fields) - {"cost", "fallback_from", "version"}


def replayed(session: StoredSession, turn: StoredTurn, run_id: str, stored: Sequence[StoredAnswer]) -> Subscription:
    """The events of a run: what each lane wrote comes in one chunk, with the time of its end."""
    log, answers = EventLog(run_id), [stored_answer(answer) for answer in stored]
    introduced = tuple(SessionLane(each.lane, each.model, each.simulated, UNSET, each.id, each.version) for each in answers)
    log.append(encode(SessionEvent(session.id, turn.number, introduced)))
    for answer in answers:
        _fill_lane(log, answer)
    log.append(encode(_done(turn, answers)))
    log.close()
    return Subscription(log)


def _fill_lane(log: EventLog, answer: Answer) -> None:
    lane, model, version = answer.lane, answer.model, version_field(answer.version)
    fields = b'"type":"chunk","lane":%d,"model":"%b"' % (lane, json_text(model))
    if answer.version > 1:
        fields += b',"version":%d' % answer.version
    stamp = int((answer.finished_at or answer.created_at).timestamp() * 1000)
    for text, kind in ((answer.reasoning, b',"kind":"reasoning"'), (answer.text, b"")):
        if text:
            log.append_chunk(log.add_head(fields + kind), text, stamp)
    if answer.error is not None:
        log.append(encode(ErrorEvent(lane, model, answer.error.code, answer.error.message, answer.error.retryable, version)))
    if answer.sources or answer.attachments:
        sources = msgspec.convert([each.model_dump() for each in answer.sources], tuple[Source, ...])
        attachments = msgspec.convert([each.model_dump() for each in answer.attachments], tuple[Attachment, ...])
        log.append(encode(SourcesEvent(lane, model, sources, attachments, version)))
    figures: dict[str, Any] = {name: getattr(answer, name) for name in _FROM_ANSWER}
    counts = {name: figures[name] or 0 for name in ("input_tokens", "output_tokens", "tokens_used")}
    cost = None if answer.cost is None else money(answer.cost)
    log.append(encode(MetricsEvent(**(figures | counts), cost=cost, fallback_from=answer.fallback_from or UNSET, version=version)))
    # A reader knows three ends of a lane; one that a crash cut off was stopped, and so was one that was lost with its journal.
    status = "stopped" if answer.status in ("interrupted", "running") else answer.status
    log.append(encode(StatusEvent(lane, model, cast(LaneStatus, status), version=version)))


def _done(turn: StoredTurn, answers: Sequence[Answer]) -> DoneEvent:
    simulated = [answer.cost for answer in answers if answer.simulated and answer.cost is not None]
    began, ended = min(answer.created_at for answer in answers), max(answer.finished_at or answer.created_at for answer in answers)
    if turn.finished_at is not None and all(answer.version == 1 for answer in answers):
        began, ended = turn.created_at, turn.finished_at
    return DoneEvent(
        total_tokens=sum(answer.tokens_used or 0 for answer in answers),
        total_cost=money(sum((answer.cost for answer in answers if not answer.simulated and answer.cost is not None), Decimal(0))),
        unknown_costs=sum(answer.cost is None for answer in answers),
        response_time=round((ended - began).total_seconds() * 1000, 3),
        simulated_cost=money(sum(simulated, Decimal(0))) if simulated else UNSET,
    )
