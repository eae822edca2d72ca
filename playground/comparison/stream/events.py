"""The events of a run on the wire: each is one JSON object with a `type`.

Durations are in milliseconds, money is a decimal string in US dollars, `timestamp` is milliseconds since 1970 (UTC).
Absent optional fields are left out; `null` means "not known". `version` is there for the further versions of an answer.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from playground.comparison.plan import CostSource
from playground.providers.answer.finish_reasons import Ending
from playground.providers.calls import Attachment, Source

LaneStatus = Literal["queued", "connecting", "streaming", "completed", "failed", "stopped"]


class _Event(msgspec.Struct, frozen=True, rename="camel", tag_field="type"):
    """The base of all events."""


class SessionLane(msgspec.Struct, frozen=True, rename="camel"):
    """One answer to come, as the `session` event introduces it."""

    lane: int
    model: str
    simulated: bool
    """The model is simulated; its answers, costs and times are invented."""
    listed: bool | UnsetType = UNSET
    """`false`: the provider's list of models doesn't have it. Absent where it does, or where that isn't known any more."""
    answer_id: str | UnsetType = UNSET
    version: int = 1
    omitted_turns: int | UnsetType = UNSET
    """So many of the conversation's oldest turns are not sent, because the model's context window is too small."""


class SessionEvent(_Event, frozen=True, tag="session"):
    """The first event of every run."""

    session_id: str
    turn: int
    lanes: tuple[SessionLane, ...]


class ErrorSummary(msgspec.Struct, frozen=True):
    """Why a request is retried."""

    code: str
    message: str


class StatusEvent(_Event, frozen=True, tag="status"):
    """A lane's status changed. A `queued` lane with `retry_in` is waiting for a retry: `attempt` is the number of the next request, and
    `error` is the reason.

    With `waiting_seconds` it did not change: the lane has waited for so long, for the first text or for the next. With `fallback_from`,
    `model` took over from that one.
    """

    lane: int
    model: str
    status: LaneStatus
    attempt: int | UnsetType = UNSET
    retry_in: int | UnsetType = UNSET
    waiting_seconds: int | UnsetType = UNSET
    error: ErrorSummary | UnsetType = UNSET
    fallback_from: str | UnsetType = UNSET
    version: int | UnsetType = UNSET


class ChunkEvent(_Event, frozen=True, tag="chunk"):
    """A piece of an answer; `kind` is present if it is reasoning. The log writes these events itself (see `EventLog.append_chunk`)."""

    lane: int
    model: str
    content: str
    timestamp: int
    kind: Literal["reasoning"] | UnsetType = UNSET
    version: int | UnsetType = UNSET


class SourcesEvent(_Event, frozen=True, tag="sources"):
    """The sources that an answer cites, in the order of their numbers in the text, and its parts that are not text. Sent only if there
    are any.
    """

    lane: int
    model: str
    sources: tuple[Source, ...]
    attachments: tuple[Attachment, ...]
    version: int | UnsetType = UNSET


class MetricsEvent(_Event, frozen=True, tag="metrics"):
    """Tokens, cost and times of a lane, sent when it ends. `estimated`: counted by Playground, because the provider sent no usage. `cost`
    is null if the price is unknown.

    `own_key`: the user's own key for the provider was used, so the user pays. `finish_reason` is why the answer ended, in the provider's
    words; `ending` is its meaning, or null if unknown. `max_tokens` is the limit on output tokens that was sent.
    """

    lane: int
    model: str
    input_tokens: int
    output_tokens: int
    tokens_used: int
    cached_input_tokens: int | None
    reasoning_tokens: int | None
    estimated: bool
    simulated: bool
    cost: str | None
    cost_source: CostSource | None
    own_key: bool
    time_to_first_token: float | None
    response_time: float | None
    tokens_per_second: float | None
    attempts: int
    finish_reason: str | None = None
    ending: Ending | None = None
    max_tokens: int | None = None
    time_to_first_answer: float | None = None
    total_time: float | None = None
    cache_write_tokens: int | None = None
    fallback_from: str | UnsetType = UNSET
    version: int | UnsetType = UNSET


class ErrorEvent(_Event, frozen=True, tag="error"):
    """Why a lane failed; its `metrics` and the `failed` status follow."""

    lane: int
    model: str
    code: str
    message: str
    retryable: bool
    version: int | UnsetType = UNSET


class DoneEvent(_Event, frozen=True, tag="done"):
    """The last event of every run. `total_cost` is real money only; `unknown_costs` is the number of lanes whose cost is unknown."""

    total_tokens: int
    total_cost: str
    unknown_costs: int
    response_time: float
    simulated_cost: str | UnsetType = UNSET


def version_field(version: int) -> int | UnsetType:
    """Return the `version` of an answer's events: absent for the first."""
    return UNSET if version == 1 else version


_encoder = msgspec.json.Encoder()


def encode(event: _Event) -> bytes:
    """Return `event` as JSON in UTF-8, in one line (see `one_line`)."""
    return one_line(_encoder.encode(event))


def one_line(document: bytes) -> bytes:
    """Return `document` (JSON) with U+2028, U+2029 and U+0085 escaped.

    JSON and SSE allow these characters, but many clients split lines at them, such as those that use Python's `str.splitlines`.
    """
    if document.isascii():
        return document
    return document.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029").replace(b"\xc2\x85", b"\\u0085")


def json_text(text: str) -> bytes:
    """Return `text` as the content of a JSON string, without the quotes."""
    content = _encoder.encode(text)[1:-1]
    return content if content.isascii() else one_line(content)  # Nearly every piece of text is ASCII; this saves a call.
