"""The events of a run, as they go over the wire: one JSON object each, told apart by `type`.

Durations are in milliseconds, money is a decimal string in US dollars, `timestamp` is milliseconds since 1970 (UTC).
Absent optional fields are left out; `null` means "not known".
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from playground.comparison.plan import CostSource
from playground.providers.answer.finish_reasons import Ending
from playground.providers.calls import Attachment, Source

LaneStatus = Literal["queued", "connecting", "streaming", "completed", "failed", "stopped"]


class _Event(msgspec.Struct, frozen=True, rename="camel", tag_field="type"):
    """What all events have in common."""


class SessionLane(msgspec.Struct, frozen=True):
    """One lane, as the `session` event introduces it."""

    lane: int
    model: str
    simulated: bool
    """The model's answers, costs and times are made up."""
    listed: bool | UnsetType = UNSET
    """`false`: the provider's list of models doesn't have it. Absent where it does, or where that isn't known any more."""


class SessionEvent(_Event, frozen=True, tag="session"):
    """First of every run."""

    session_id: str
    turn: int
    lanes: tuple[SessionLane, ...]


class ErrorSummary(msgspec.Struct, frozen=True):
    """Why a request is tried again."""

    code: str
    message: str


class StatusEvent(_Event, frozen=True, tag="status"):
    """A lane's status changed. A `queued` lane with `retry_in` waits to be tried again: `attempt` is the request to come, `error` why.

    With `waiting_seconds` it did not change: the lane has waited for so long, for the first text or for the next.
    """

    lane: int
    model: str
    status: LaneStatus
    attempt: int | UnsetType = UNSET
    retry_in: int | UnsetType = UNSET
    waiting_seconds: int | UnsetType = UNSET
    error: ErrorSummary | UnsetType = UNSET


class ChunkEvent(_Event, frozen=True, tag="chunk"):
    """A piece of an answer; `kind` says that it is thinking. The log writes these itself (see `EventLog.append_chunk`)."""

    lane: int
    model: str
    content: str
    timestamp: int
    kind: Literal["reasoning"] | UnsetType = UNSET


class SourcesEvent(_Event, frozen=True, tag="sources"):
    """What an answer refers to, in the order of the numbers in its text, and its parts that are no text. Left out where there are none."""

    lane: int
    model: str
    sources: tuple[Source, ...]
    attachments: tuple[Attachment, ...]


class MetricsEvent(_Event, frozen=True, tag="metrics"):
    """What a lane took, when it ends. `estimated`: the provider did not say, we counted. `cost` is null when the price is unknown.

    `own_key`: the user's own key for the provider was used, and paid for it. `finish_reason` is the provider's word for the end, `ending`
    what it means, and null for words that are not known; `max_tokens` the most output tokens that were asked for.
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


class ErrorEvent(_Event, frozen=True, tag="error"):
    """Why a lane failed; its `metrics` and the `failed` status follow."""

    lane: int
    model: str
    code: str
    message: str
    retryable: bool


class DoneEvent(_Event, frozen=True, tag="done"):
    """Last of every run. `total_cost` is real money only; lanes whose price is unknown are counted in `unknown_costs`."""

    total_tokens: int
    total_cost: str
    unknown_costs: int
    response_time: float
    simulated_cost: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def encode(event: _Event) -> bytes:
    """`event` as JSON in UTF-8, safe to stand in one line (see `json_text`)."""
    return one_line(_encoder.encode(event))


def one_line(document: bytes) -> bytes:
    """`document` (JSON) with U+2028, U+2029 and U+0085 escaped.

    JSON and SSE allow them raw, but many clients' line readers break lines there (Python's `str.splitlines`, and what stands on it).
    """
    if document.isascii():
        return document
    return document.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029").replace(b"\xc2\x85", b"\\u0085")


def json_text(text: str) -> bytes:
    """`text` as the inside of a JSON string, without the quotes."""
    content = _encoder.encode(text)[1:-1]
    return content if content.isascii() else one_line(content)  # Nearly every piece of text is: it saves a call.
