"""One lane of a run: calls its model, times every delta, writes the events, and creates the record of the answer."""

import random
import time
from datetime import UTC, datetime

import anyio
import structlog
from msgspec import UNSET

from playground.comparison.plan import (
    NOTHING_USED,
    Accountant,
    AnswerRecord,
    AnswerStatus,
    Bill,
    Call,
    Candidate,
    Failure,
    FallbackUsed,
    LanePlan,
    Times,
    sum_of,
)
from playground.comparison.stream.event_log import MOST_TEXT_BYTES, EventLog, TextTooLong
from playground.comparison.stream.events import (
    ErrorEvent,
    ErrorSummary,
    LaneStatus,
    MetricsEvent,
    SourcesEvent,
    StatusEvent,
    encode,
    json_text,
    version_field,
)
from playground.kit.wire import money
from playground.providers.adapter import ProviderClient
from playground.providers.answer.finish_reasons import ending_of
from playground.providers.answer.think_tags import part_at_lone_end
from playground.providers.calls import Attachment, Delta, Source, Usage
from playground.providers.errors.kinds import AddressRefused, GivenUp, ModelNotFound, ProviderError, UnexpectedAnswer, Unreachable

from .speed import tokens_per_second
from .timeline import Marks, Progress, Timeline
from .waiting import WaitReports

MOST_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 30.0
"""If a provider asks for a longer wait, the request is not retried. The provider's message says how long to wait."""
_FIRST_BACKOFF_SECONDS = 0.5

_logger = structlog.get_logger(__name__)


class Lane:
    """Runs one `LanePlan`. `run` never raises because of a provider. `record` is set when the lane is over."""

    def __init__(self, plan: LanePlan, log: EventLog, client: ProviderClient, accountant: Accountant) -> None:
        self.plan = plan
        self.record: AnswerRecord | None = None
        self._log = log
        self._client = client
        self._accountant = accountant
        self._scope = anyio.CancelScope()
        self._asked = Candidate(plan.model, plan.call)
        """The model that is being asked: the plan's, or a fallback that took over."""
        self._fallbacks = list(plan.fallbacks)
        # A head is made when the first chunk of its kind comes: most lanes show no reasoning.
        self.answer_head: int | None = None
        self.reasoning_head: int | None = None
        self._attempts = 0
        self._tries = 0
        """Attempts at the present model."""
        # Failed attempts that the provider accepted: number, error, the model that was asked, when it was sent, usage if reported.
        self._accepted_attempts: list[tuple[int, str, Candidate, datetime, Usage | None]] = []
        self._usage: Usage | None = None
        self._finish_reason: str | None = None
        self._sources: tuple[Source, ...] = ()
        self._attachments: tuple[Attachment, ...] = ()
        self._sent_at, self._sent_on = time.monotonic(), datetime.now(UTC)
        self._first_sent_at = self._sent_at
        self._first_at: float | None = None
        self._answer_at: float | None = None
        self._marks = Marks()
        self._last_at: float | None = None
        self._ended_at: float | None = None
        # Whether the provider may have started to work on this attempt, and so charge for it. False again if it refused.
        self._may_be_charged = False

    @property
    def first_sent_at(self) -> float:
        """When its first request was sent (monotonic seconds)."""
        return self._first_sent_at

    @property
    def is_streaming(self) -> bool:
        """Whether its model has begun to write."""
        return self._first_at is not None

    @property
    def simulated(self) -> bool:
        """Whether the model that is being asked is simulated."""
        return self._asked.call.provider.simulated

    def stop(self) -> None:
        """Stop the lane; its text is kept. Does nothing if the lane is over."""
        self._scope.cancel()

    async def run(self) -> None:
        """Send the request, with retries where they can help, until there is an answer, a failure or a stop."""
        failure: Failure | None = None
        with self._scope:
            try:
                await self._ask_until_answered()
            except ProviderError as error:
                failure = Failure(error.code, str(error) + self._suggestion(error), error.retryable)
            except Exception:  # A defect in one lane must not end the others.
                _logger.exception("lane_broke", run_id=self._log.run_id, lane=self.plan.position, model=self.plan.model)
                failure = Failure("internal_error", "Something went wrong in this service; its log has the details.", retryable=True)
        stopped = self._scope.cancelled_caught and self._ended_at is None  # The answer may have ended before the stop.
        if self._ended_at is None:
            self._ended_at = time.monotonic()
        await self._close("stopped" if stopped else "failed" if failure else "completed", failure, self._ended_at)

    def _suggestion(self, error: ProviderError) -> str:
        """Return a suggestion if the provider doesn't know the model and it isn't listed: it may be misspelt."""
        names = self.plan.nearest() if isinstance(error, ModelNotFound) and self.plan.nearest is not None else ()
        return f" Did you mean {' or '.join(names)}?" if names else ""

    async def _ask_until_answered(self) -> None:
        while True:
            self._attempts += 1
            self._tries += 1
            try:
                await self._ask()
            except ProviderError as error:
                wait = self._wait_before_retry(error)
                if wait is not None:
                    self._forget_attempt(error)
                    self._report_again(error, retry_in=round(wait * 1000))
                    await anyio.sleep(wait)
                elif self._may_fall_back():
                    self._forget_attempt(error)
                    self._fall_back()
                    self._report_again(error, fallback_from=self.plan.model)
                else:
                    raise
            else:
                return

    def _report_again(self, error: ProviderError, *, retry_in: int | None = None, fallback_from: str | None = None) -> None:
        reason = ErrorSummary(error.code, str(error))
        self._add_status("queued", attempt=self._attempts + 1, retry_in=retry_in, fallback_from=fallback_from, error=reason)
        self._log.notify()

    def _forget_attempt(self, error: ProviderError) -> None:
        if self._may_be_charged:
            self._accepted_attempts.append((self._attempts, error.code, self._asked, self._sent_on, self._usage))
            self._may_be_charged = False
        self._usage = self._finish_reason = None
        self._sources, self._attachments = (), ()

    def _may_fall_back(self) -> bool:
        """Return whether another model may be asked: nothing was written, and what was reserved isn't used up."""
        return bool(self._fallbacks) and self._first_at is None and not (self.plan.bounded and self._may_be_charged)

    def _fall_back(self) -> None:
        self._asked, self._tries = self._fallbacks.pop(0), 0

    async def _ask(self) -> None:
        self._add_status("connecting", attempt=self._attempts if self._attempts > 1 else None)
        self._log.notify()
        self._sent_at, self._sent_on = time.monotonic(), datetime.now(UTC)
        if self._attempts == 1:
            self._first_sent_at = self._sent_at
        elif self._asked.call is not self.plan.call:
            # The reader has waited since the first model was asked.
            self._sent_at = self._first_sent_at
        self._may_be_charged = True
        try:
            with WaitReports(self._silent_since, self._report_wait):
                await self._receive()
        except TextTooLong:
            provider, most = self._asked.call.provider.name, MOST_TEXT_BYTES // 1024**2
            raise UnexpectedAnswer(f"{provider} sent more than {most} MB of text. The text so far is kept.", provider=provider) from None
        except ProviderError as error:
            if isinstance(error, AddressRefused | Unreachable | UnexpectedAnswer) or error.refused:
                self._may_be_charged = self._usage is not None
            raise

    async def _receive(self) -> None:
        async with self._client.stream(self._asked.call) as stream:
            try:
                await stream.deliver(self._add_deltas)
                # Taken before the stream is closed, which may take a moment.
                self._ended_at = max(time.monotonic() - stream.silence, self._last_at or 0.0)
            finally:
                self._usage, self._finish_reason = stream.usage, stream.finish_reason
                self._sources, self._attachments = stream.sources, stream.attachments

    def _silent_since(self) -> float:
        return self._sent_at if self._last_at is None else self._last_at

    def _report_wait(self, seconds: int) -> None:
        self._add_status("connecting" if self._first_at is None else "streaming", waiting_seconds=seconds)
        self._log.notify()

    def _add_deltas(self, deltas: list[Delta]) -> None:
        first = self._first_at is None
        now = time.monotonic()
        if first:
            self._first_at = now
            self._add_status("streaming")
        elif now >= self._marks.due:
            self._marks.mark(now, self._last_at or now, self._sizes())
        self._last_at = now
        log = self._log
        timestamp = time.time_ns() // 1_000_000
        for delta in deltas:
            head = self.reasoning_head if delta.reasoning else self.answer_head
            log.append_chunk(self._new_head(reasoning=delta.reasoning) if head is None else head, delta.text, timestamp)
        log.notify(urgent=first)

    def _new_head(self, *, reasoning: bool) -> int:
        fields = b'"type":"chunk","lane":%d,"model":"%b"' % (self.plan.position, json_text(self._asked.model))
        if self.plan.version > 1:
            fields += b',"version":%d' % self.plan.version
        if reasoning:
            self.reasoning_head = head = self._log.add_head(fields + b',"kind":"reasoning"')
        else:
            self.answer_head = head = self._log.add_head(fields)
            self._answer_at = self._last_at
        return head

    def _sizes(self) -> tuple[int, ...]:
        return tuple(0 if head is None else self._log.size(head) for head in (self.answer_head, self.reasoning_head))

    def _wait_before_retry(self, error: ProviderError) -> float | None:
        """Seconds to wait before asking again; `None` when that is no use, or no longer allowed."""
        if not error.retryable or self._first_at is not None or self._tries >= MOST_ATTEMPTS:
            return None
        if isinstance(error, GivenUp):
            return None  # The provider accepted the request, is working on it, and charges for it.
        if self.plan.bounded and self._may_be_charged:
            return None  # This attempt may be charged, and nothing was reserved for another.
        asked_for = error.retry_after or 0.0
        if asked_for > LONGEST_WAIT_SECONDS:
            return None
        # Exponential backoff with full jitter, so that lanes that failed together don't come back together: nor when they were all told
        # to come back in a second, or at once.
        return asked_for + random.uniform(0.1, _FIRST_BACKOFF_SECONDS * 2 ** (self._tries - 1))  # noqa: S311 - no secret

    async def _close(self, status: AnswerStatus, failure: Failure | None, ended_at: float) -> None:
        answer, reasoning = self.written()
        thinking, answer = part_at_lone_end(answer)
        reasoning += thinking
        last = await self._settle(answer, reasoning)
        times = self._times(last, ended_at)
        calls = [*await self._earlier_calls(), self._call(self._attempts, self._asked, last, failure.code if failure else None)]
        self.record = AnswerRecord(
            answer_id=self.plan.answer_id,
            status=status,
            text=answer,
            reasoning=reasoning,
            finish_reason=self._finish_reason,
            failure=failure,
            bill=sum_of([call.bill for call in calls]),
            times=times,
            attempts=self._attempts,
            finished_at=datetime.now(UTC),
            max_tokens=self._asked.call.max_tokens,
            timeline=self._timeline(),
            sources=self._sources,
            attachments=self._attachments,
            calls=tuple(calls),
            fallback=self._fallback(),
        )
        lane, model, version = self.plan.position, self._asked.model, version_field(self.plan.version)
        if failure:
            self._log.append(encode(ErrorEvent(lane, model, failure.code, failure.message, failure.retryable, version)))
        if self._sources or self._attachments:
            self._log.append(encode(SourcesEvent(lane, model, self._sources, self._attachments, version)))
        self._log.append(encode(self._metrics(self.record, times)))
        self._add_status("completed" if status == "completed" else "failed" if status == "failed" else "stopped")
        self._log.notify()

    async def _earlier_calls(self) -> list[Call]:
        return [
            self._call(attempt, asked, await self._accountant.settle(asked.call, usage, "", "", at), code)
            for attempt, code, asked, at, usage in self._accepted_attempts
        ]

    def _call(self, attempt: int, asked: Candidate, bill: Bill, error_code: str | None) -> Call:
        provider = asked.call.provider
        return Call(attempt, provider.id, asked.model, provider.simulated, provider.own_key, bill, error_code)

    async def _settle(self, answer: str, reasoning: str) -> Bill:
        if not self._may_be_charged and not answer and not reasoning:
            return NOTHING_USED
        return await self._accountant.settle(self._asked.call, self._usage, answer, reasoning, self._sent_on)

    def _fallback(self) -> FallbackUsed | None:
        if self._asked.call is self.plan.call:
            return None
        provider = self._asked.call.provider
        return FallbackUsed(provider.id, self._asked.model, provider.simulated, provider.own_key, self.plan.model)

    def _times(self, bill: Bill, ended_at: float) -> Times:
        rate = None
        if self._first_at is not None and self._last_at is not None:
            # A model's hidden reasoning happens before the first token.
            unseen = bill.reasoning_tokens or 0 if self.reasoning_head is None else 0
            rate = tokens_per_second(bill.output_tokens - unseen, self._last_at - self._first_at)
        return Times(
            first_token=self._since_sending(self._first_at),
            response=self._since_sending(ended_at),
            tokens_per_second=rate,
            first_answer=self._since_sending(self._answer_at),
            total=round((ended_at - self._first_sent_at) * 1000, 3),
        )

    def _since_sending(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self._sent_at) * 1000, 3)

    def _timeline(self) -> Timeline:
        if self._last_at is None:
            return ()
        texts = [b"" if head is None else self._log.raw_text(head) for head in (self.answer_head, self.reasoning_head)]
        return self._marks.points(self._sent_at, self._last_at, texts)

    def progress(self) -> Progress | None:
        """Return the progress so far, or `None` before the first text. May be called from any thread."""
        last, first, answer = self._last_at, self._first_at, self._answer_at
        if last is None or first is None:
            return None
        sent = self._sent_at
        return Progress(
            round((last - sent) * 1000, 3),
            round((first - sent) * 1000, 3),
            None if answer is None else round((answer - sent) * 1000, 3),
        )

    def written(self) -> tuple[str, str]:
        """Return the text so far: the answer, and its reasoning."""
        return self._text(self.answer_head), self._text(self.reasoning_head)

    def _text(self, head: int | None) -> str:
        return "" if head is None else self._log.text(head)

    def _add_status(
        self,
        status: LaneStatus,
        *,
        attempt: int | None = None,
        retry_in: int | None = None,
        waiting_seconds: int | None = None,
        error: ErrorSummary | None = None,
        fallback_from: str | None = None,
    ) -> None:
        optional = {
            "attempt": attempt,
            "retry_in": retry_in,
            "waiting_seconds": waiting_seconds,
            "error": error,
            "fallback_from": fallback_from,
            "version": None if self.plan.version == 1 else self.plan.version,
        }
        present = {name: value for name, value in optional.items() if value is not None}
        self._log.append(encode(StatusEvent(self.plan.position, self._asked.model, status, **present)))  # type: ignore[arg-type]

    def _metrics(self, record: AnswerRecord, times: Times) -> MetricsEvent:
        bill, provider = record.bill, self._asked.call.provider
        return MetricsEvent(
            lane=self.plan.position,
            model=self._asked.model,
            input_tokens=bill.input_tokens,
            output_tokens=bill.output_tokens,
            tokens_used=bill.input_tokens + bill.output_tokens,
            cached_input_tokens=bill.cached_input_tokens,
            reasoning_tokens=bill.reasoning_tokens,
            estimated=bill.estimated,
            simulated=provider.simulated,
            cost=None if bill.cost is None else money(bill.cost),
            cost_source=bill.cost_source,
            own_key=provider.own_key,
            time_to_first_token=times.first_token,
            response_time=times.response,
            tokens_per_second=times.tokens_per_second,
            attempts=record.attempts,
            finish_reason=record.finish_reason,
            ending=ending_of(record.finish_reason),
            max_tokens=record.max_tokens,
            time_to_first_answer=times.first_answer,
            total_time=times.total,
            cache_write_tokens=bill.cache_write_tokens,
            fallback_from=UNSET if record.fallback is None else record.fallback.fallback_from,
            version=version_field(self.plan.version),
        )
