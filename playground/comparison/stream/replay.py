"""The events of a finished turn, rebuilt from its record, for a repeated request whose run is no longer in memory."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import UNSET

from playground.comparison.plan import CostSource
from playground.comparison.stored_sessions import StoredAnswer, StoredLane, StoredSession, StoredTurn
from playground.database.generated import models
from playground.kit.wire import money
from playground.providers.answer.finish_reasons import ending_of
from playground.providers.calls import Attachment, Source

from .event_log import EventLog
from .events import DoneEvent, ErrorEvent, LaneStatus, MetricsEvent, SessionEvent, SessionLane, SourcesEvent, StatusEvent, encode, json_text
from .subscription import Subscription


def replayed(session: StoredSession, turn: StoredTurn, answers: Sequence[StoredAnswer]) -> Subscription:
    """Return the events of a turn. Each lane's text is one chunk, with the time of the lane's end."""
    log = EventLog(turn.run_id)
    _fill(log, session, turn, [_row(answer.columns) for answer in answers])
    return Subscription(log)


def _row(columns: dict[str, Any]) -> models.answers:
    # The client's models expect JSON columns as text.
    as_text = {name: msgspec.json.encode(columns[name]).decode() for name in ("sources", "attachments")}
    return models.answers.model_validate({**columns, **as_text})


def _fill(log: EventLog, session: StoredSession, turn: StoredTurn, answers: Sequence[models.answers]) -> None:
    lanes = {lane.id: lane for lane in session.lanes}
    introduced = tuple(SessionLane(lane.position, lane.model, lane.simulated) for lane in session.lanes)
    log.append(encode(SessionEvent(session.id, turn.number, introduced)))
    for answer in answers:
        _fill_lane(log, lanes[answer.lane_id], answer)
    log.append(encode(_done(turn, list(_costs(answers, lanes)), answers)))
    log.close()


def _fill_lane(log: EventLog, lane: StoredLane, answer: models.answers) -> None:
    fields = b'"type":"chunk","lane":%d,"model":"%b"' % (lane.position, json_text(lane.model))
    stamp = int((answer.finished_at or answer.created_at).timestamp() * 1000)
    for text, kind in ((answer.reasoning, b',"kind":"reasoning"'), (answer.text, b"")):
        if text:
            log.append_chunk(log.add_head(fields + kind), text, stamp)
    if answer.error_code:
        log.append(
            encode(ErrorEvent(lane.position, lane.model, answer.error_code, answer.error_message or "", bool(answer.error_retryable)))
        )
    sources = msgspec.convert(answer.sources, tuple[Source, ...])
    attachments = msgspec.convert(answer.attachments, tuple[Attachment, ...])
    if sources or attachments:
        log.append(encode(SourcesEvent(lane.position, lane.model, sources, attachments)))
    log.append(
        encode(
            MetricsEvent(
                lane=lane.position,
                model=lane.model,
                input_tokens=answer.input_tokens or 0,
                output_tokens=answer.output_tokens or 0,
                tokens_used=(answer.input_tokens or 0) + (answer.output_tokens or 0),
                cached_input_tokens=answer.cached_input_tokens,
                reasoning_tokens=answer.reasoning_tokens,
                estimated=answer.estimated,
                simulated=lane.simulated,
                cost=None if answer.cost is None else money(answer.cost),
                cost_source=cast(CostSource | None, answer.cost_source),
                own_key=answer.own_key,
                time_to_first_token=answer.time_to_first_token,
                response_time=answer.response_time,
                tokens_per_second=answer.tokens_per_second,
                attempts=answer.attempts,
                finish_reason=answer.finish_reason,
                ending=ending_of(answer.finish_reason),
                max_tokens=answer.max_tokens,
                time_to_first_answer=answer.time_to_first_answer,
                total_time=answer.total_time,
                cache_write_tokens=answer.cache_write_tokens,
            )
        )
    )
    # Events have three final statuses. A lane that was interrupted by a crash, or lost with its journal, counts as stopped.
    status = "stopped" if answer.status in ("interrupted", "running") else str(answer.status)
    log.append(encode(StatusEvent(lane.position, lane.model, cast(LaneStatus, status))))


def _costs(answers: Sequence[models.answers], lanes: Mapping[str, StoredLane]) -> Iterator[tuple[bool, Decimal | None]]:
    return ((lanes[answer.lane_id].simulated, answer.cost) for answer in answers)


def _done(turn: StoredTurn, costs: list[tuple[bool, Decimal | None]], answers: Sequence[models.answers]) -> DoneEvent:
    simulated = [cost for made_up, cost in costs if made_up and cost is not None]
    seconds = (turn.finished_at - turn.created_at).total_seconds() if turn.finished_at else 0
    return DoneEvent(
        total_tokens=sum((answer.input_tokens or 0) + (answer.output_tokens or 0) for answer in answers),
        total_cost=money(sum((cost for made_up, cost in costs if not made_up and cost is not None), Decimal(0))),
        unknown_costs=sum(cost is None for _, cost in costs),
        response_time=round(seconds * 1000, 3),
        simulated_cost=money(sum(simulated, Decimal(0))) if simulated else UNSET,
    )
