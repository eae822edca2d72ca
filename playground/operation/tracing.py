"""Writes a span for each lane, below one for its run, and the metrics of OpenTelemetry's GenAI conventions.

Everything is written when a lane has ended, with the times that it had. A run's span gets the ID that its lanes' spans refer to when the
first of them ends. The parent of a run's span is the `traceparent` of the request that started the run.
"""

import json
import time
from collections.abc import Mapping

from opentelemetry.metrics import Meter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from playground.comparison.plan import AnswerRecord, LanePlan
from playground.comparison.running.lane import Lane
from playground.comparison.running.run import Run
from playground.kit.request_origin import ORIGIN
from playground.kit.wire import money

from . import genai_names as names

_NANOSECONDS = 1_000_000_000
_Attributes = dict[str, AttributeValue]


class Tracing:
    """Spans and metrics of lanes and runs. It is a `RunObserver`."""

    def __init__(self, tracer: Tracer, meter: Meter, *, with_content: bool) -> None:
        self._tracer = tracer
        self._with_content = with_content
        self._runs: dict[str, Span] = {}
        """Open spans by run."""
        self._durations = meter.create_histogram(
            names.DURATION_METRIC, "s", "Duration of a chat", explicit_bucket_boundaries_advisory=names.DURATION_BUCKETS
        )
        self._first_chunks = meter.create_histogram(
            names.FIRST_CHUNK_METRIC, "s", "Time to the first chunk", explicit_bucket_boundaries_advisory=names.DURATION_BUCKETS
        )
        self._tokens = meter.create_histogram(
            names.TOKENS_METRIC, "{token}", "Tokens of a chat", explicit_bucket_boundaries_advisory=names.TOKENS_BUCKETS
        )

    def lane_ended(self, run: Run, lane: Lane) -> None:
        """Write the span and the metrics of a lane."""
        record, plan = lane.record, lane.plan
        if record is None:
            return
        began = _wall_clock(lane.first_sent_at)
        ended = began + int((record.times.total or 0) * 1_000_000) if record.times is not None else time.time_ns()
        span = self._tracer.start_span(
            f"{names.CHAT} {plan.call.model}",
            context=set_span_in_context(self._span_of(run)),
            kind=SpanKind.CLIENT,
            attributes=_request(plan) | _identity(run, plan),
            start_time=began,
        )
        span.set_attributes(_response(record) | {names.SIMULATED: plan.simulated})
        if record.failure is not None:
            # Without the provider's words, which may quote the prompt.
            span.set_attribute(names.ERROR_TYPE, record.failure.code)
            span.set_status(Status(StatusCode.ERROR))
        if self._with_content:
            span.set_attributes(_content(plan, record))
        span.end(ended)
        self._measure(plan, record, (ended - began) / _NANOSECONDS)

    def run_ended(self, run: Run) -> None:
        """End the span of a run."""
        span = self._runs.pop(run.id, None)
        if span is not None:
            span.end()

    def _span_of(self, run: Run) -> Span:
        span = self._runs.get(run.id)
        if span is None:
            traceparent = ORIGIN.get().traceparent
            parent = None if traceparent is None else TraceContextTextMapPropagator().extract({"traceparent": traceparent})
            attributes: _Attributes = {
                names.RUN_ID: run.id,
                names.CONVERSATION_ID: run.plan.session_id,
                names.LANES: len(run.plan.lanes),
            }
            span = self._tracer.start_span("comparison", context=parent, attributes=attributes, start_time=_wall_clock(run.began_at))
            self._runs[run.id] = span
        return span

    def _measure(self, plan: LanePlan, record: AnswerRecord, seconds: float) -> None:
        attributes: _Attributes = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: names.provider_name(plan.call.provider),
            names.REQUEST_MODEL: plan.call.model,
        }
        failed: _Attributes = {names.ERROR_TYPE: record.failure.code} if record.failure is not None else {}
        self._durations.record(seconds, attributes | failed)
        if record.times is not None and record.times.first_token is not None:
            self._first_chunks.record(record.times.first_token / 1000, attributes)
        for kind, tokens in (("input", record.bill.input_tokens), ("output", record.bill.output_tokens)):
            if tokens:
                self._tokens.record(tokens, attributes | {names.TOKEN_TYPE: kind})


def _wall_clock(moment: float) -> int:
    """Return monotonic seconds as nanoseconds since 1970."""
    return time.time_ns() - int((time.monotonic() - moment) * _NANOSECONDS)


def _identity(run: Run, plan: LanePlan) -> _Attributes:
    return {names.CONVERSATION_ID: run.plan.session_id, names.RUN_ID: run.id, names.LANE: plan.position}


def _request(plan: LanePlan) -> _Attributes:
    call = plan.call
    address, port = names.server_of(call.provider)
    optional: Mapping[str, AttributeValue | None] = {
        names.REQUEST_TEMPERATURE: call.temperature,
        names.REQUEST_TOP_P: call.top_p,
        names.REQUEST_MAX_TOKENS: call.max_tokens,
        names.REQUEST_SEED: call.seed,
        names.REQUEST_STOP: call.stop or None,
    }
    always: _Attributes = {
        names.OPERATION: names.CHAT,
        names.PROVIDER: names.provider_name(call.provider),
        names.REQUEST_MODEL: call.model,
        names.REQUEST_STREAM: True,
        names.SERVER_ADDRESS: address,
        names.SERVER_PORT: port,
    }
    return always | {name: value for name, value in optional.items() if value is not None}


def _response(record: AnswerRecord) -> _Attributes:
    bill, first_token = record.bill, record.times.first_token if record.times is not None else None
    optional: Mapping[str, AttributeValue | None] = {
        names.FINISH_REASONS: [record.finish_reason] if record.finish_reason is not None else None,
        names.TIME_TO_FIRST_CHUNK: first_token / 1000 if first_token is not None else None,
        names.CACHED_TOKENS: bill.cached_input_tokens,
        names.REASONING_TOKENS: bill.reasoning_tokens,
        names.COST: money(bill.cost) if bill.cost is not None else None,
    }
    return {
        names.STATUS: record.status,
        names.ATTEMPTS: record.attempts,
        names.INPUT_TOKENS: bill.input_tokens,
        names.OUTPUT_TOKENS: bill.output_tokens,
        names.ESTIMATED: bill.estimated,
    } | {name: value for name, value in optional.items() if value is not None}


def _content(plan: LanePlan, record: AnswerRecord) -> _Attributes:
    """Return prompt and answer in the shape of the conventions' JSON schemas."""
    sent = [_message(message.role, message.content) for message in plan.call.messages]
    answer = _message("assistant", record.text) | {"finish_reason": record.finish_reason or record.status}
    return {
        names.INPUT_MESSAGES: json.dumps(sent, ensure_ascii=False),
        names.OUTPUT_MESSAGES: json.dumps([answer], ensure_ascii=False),
    }


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
