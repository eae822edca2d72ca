"""The request and response bodies of comparisons. Events are in `stream/events.py`."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from playground.kit.text import CleanText
from playground.kit.wire import Moment, Money, WireInput, WireModel, at_most, fields_at_fault
from playground.providers.answer.finish_reasons import Ending
from playground.providers.calls import ReasoningEffort

LONGEST_KEEP_SECONDS = 3600
MOST_LANES = 16
LONGEST_PROMPT_BYTES = 256 * 1024
LONGEST_QUERY_PROMPT_BYTES = 8 * 1024

AnswerStatus = Literal["running", "completed", "failed", "stopped", "interrupted"]


def _within_prompt_limit(text: str) -> str:
    size = len(text.encode())
    if size > LONGEST_PROMPT_BYTES:
        raise ValueError(f"is {size:,} bytes long; at most {LONGEST_PROMPT_BYTES:,} (256 KB) are allowed")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


LongText = Annotated[CleanText, AfterValidator(_within_prompt_limit)]
ModelName = Annotated[CleanText, Field(min_length=1, max_length=300, examples=["sim/quick"])]


class Parameters(WireInput):
    """Sampling parameters and system prompt. Absent parameters use the provider's default."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[list[Annotated[CleanText, Field(min_length=1, max_length=500)]], at_most(4), Field(max_length=4)] | None = None
    system: LongText | None = None
    reasoning_effort: ReasoningEffort | None = None


class LaneRequest(Parameters):
    """One lane: a model, and the parameters that differ from the other lanes."""

    model: ModelName


class StreamRequest(Parameters):
    """A new comparison, or the next turn of an existing one. Parameters at the top level are the defaults for all lanes."""

    prompt: Annotated[LongText, AfterValidator(_not_blank), Field(examples=["Explain what a monad is to a cook."])]
    models: (
        Annotated[list[ModelName], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES, examples=[["sim/quick", "sim/careful"]])]
        | None
    ) = None
    lanes: Annotated[list[LaneRequest], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES)] | None = None
    session_id: Annotated[CleanText, Field(max_length=64)] | None = None
    """The session to continue. Its lanes and their parameters stay, so `models`, `lanes` and parameters are not allowed with it."""
    on_disconnect: Literal["continue", "stop"] = "continue"
    """`stop`: stop the run as soon as no one reads it."""

    @model_validator(mode="after")
    def _says_what_to_run(self) -> Self:
        given = [name for name in ("models", "lanes") if getattr(self, name) is not None]
        if self.session_id is not None:
            given += [name for name in Parameters.model_fields if getattr(self, name) is not None]
            if given:
                raise fields_at_fault("is allowed for new sessions only; the next turn of a session keeps its lanes and parameters", *given)
        elif not given:
            raise fields_at_fault("is required: send the `models` to compare, or `lanes`", "models")
        elif len(given) > 1:
            raise fields_at_fault("send either `models` or `lanes`, not both", *given)
        return self

    def all_lanes(self) -> list[LaneRequest]:
        """Return the lanes of a new session, each with the defaults filled in."""
        lanes = self.lanes if self.lanes is not None else [LaneRequest(model=model) for model in self.models or []]
        defaults = {name: getattr(self, name) for name in Parameters.model_fields}
        return [
            lane.model_copy(update={name: value for name, value in defaults.items() if value is not None and getattr(lane, name) is None})
            for lane in lanes
        ]


class StopRequest(WireInput):
    """Which lane to stop; all lanes if `lane` is absent."""

    lane: Annotated[int, Field(ge=0, lt=MOST_LANES)] | None = None


class StopResult(WireModel):
    """The lanes that are being stopped. Lanes that had already ended are not listed."""

    stopped: list[int]


class KeepRequest(WireInput):
    """How long the running turn continues without a reader."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_KEEP_SECONDS)]


class KeepResult(WireModel):
    """Whether a turn is running."""

    running: bool


class SessionChange(WireInput):
    """The properties of a session that can be changed."""

    title: Annotated[CleanText, AfterValidator(_not_blank), Field(max_length=300)]


class LaneSummary(WireModel):
    """One lane of a session."""

    lane: int
    model: str
    provider: str
    simulated: bool
    status: AnswerStatus
    """The status of its newest answer."""


class AnswerFigures(WireModel):
    """The tokens, cost and times of an answer, without its text. Durations are in ms."""

    turn: int
    lane: int
    model: str
    provider: str
    simulated: bool
    status: AnswerStatus
    input_tokens: int | None
    output_tokens: int | None
    estimated: bool
    cost: Money | None
    own_key: bool
    """The user's own key for the provider was used, so the user pays."""
    time_to_first_token: float | None
    response_time: float | None
    tokens_per_second: float | None
    time_to_first_answer: float | None
    total_time: float | None
    created_at: Moment


class SessionSummary(WireModel):
    """A session in the list. `total_cost` is real money only; `unknown_costs` is the number of answers whose cost is unknown."""

    id: str
    title: str
    created_at: Moment
    updated_at: Moment
    turns: int
    lanes: list[LaneSummary]
    total_tokens: int
    total_cost: Money
    simulated_cost: Money
    unknown_costs: int
    answers: list[AnswerFigures] | None = None
    """Present with `include=answers`."""


class SessionPage(WireModel):
    """A page of sessions, newest first. Send `next_cursor` as `cursor` to get the next page; it is null on the last page."""

    items: list[SessionSummary]
    next_cursor: str | None


class AnswerError(WireModel):
    """Why an answer failed."""

    code: str
    message: str
    retryable: bool


class AnswerSource(WireModel):
    """A source that an answer cites. `url` is an http or https URL, or null if the provider sent none."""

    url: str | None
    title: str | None


class AnswerAttachment(WireModel):
    """A part of an answer that is not text. Its content is not stored."""

    kind: Literal["image", "audio", "file"]
    type: str | None
    """The media type, such as `image/png`."""
    size: int | None
    """Size in bytes."""
    url: str | None


class Answer(WireModel):
    """What one lane produced in one turn."""

    lane: int
    status: AnswerStatus
    text: str
    reasoning: str
    sources: list[AnswerSource]
    """In the order of their numbers in the text."""
    attachments: list[AnswerAttachment]
    finish_reason: str | None
    """Why the answer ended, in the provider's words."""
    ending: Ending | None
    """What the finish reason means; null if unknown."""
    max_tokens: int | None
    """The limit on output tokens that was sent; null if the provider's default applied."""
    error: AnswerError | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    """Input tokens that were written to the provider's cache."""
    output_tokens: int | None
    reasoning_tokens: int | None
    tokens_used: int | None
    estimated: bool
    simulated: bool
    cost: Money | None
    cost_source: Literal["provider", "list"] | None
    own_key: bool
    """The user's own key for the provider was used, so the user pays."""
    time_to_first_token: float | None
    response_time: float | None
    tokens_per_second: float | None
    attempts: int
    created_at: Moment
    finished_at: Moment | None
    time_to_first_answer: float | None
    """Time from sending the request to the first text that is not reasoning, in ms."""
    total_time: float | None
    """Time from sending the first request to the end, in ms, including failed attempts and the waits between them."""
    timeline: list[tuple[int, int]] | None
    """How the answer grew: pairs of the ms since its request was sent and the number of characters received by then, including
    reasoning. At most 128 pairs; the last one is the end. Null if unknown."""


class Turn(WireModel):
    """One prompt and the answers to it, in the order of the lanes."""

    turn: int
    prompt: str
    run_id: str
    created_at: Moment
    finished_at: Moment | None
    answers: list[Answer]


class SessionLaneDetail(LaneSummary):
    """One lane with its parameters."""

    parameters: dict[str, Any]


class SessionDetail(WireModel):
    """A session with all its turns and answers."""

    id: str
    title: str
    created_at: Moment
    updated_at: Moment
    running: bool
    """A turn is running; `GET /playground/sessions/{id}/stream` joins it."""

    lanes: list[SessionLaneDetail]
    turns: list[Turn]
