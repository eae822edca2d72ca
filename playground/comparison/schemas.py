"""The shapes of comparisons on the wire. Events are in `events.py`."""

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
    """How a model is asked. What is absent is left to the provider's default."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[list[Annotated[CleanText, Field(min_length=1, max_length=500)]], at_most(4), Field(max_length=4)] | None = None
    system: LongText | None = None
    reasoning_effort: ReasoningEffort | None = None


class LaneRequest(Parameters):
    """One lane: a model, and what it is asked differently from the other lanes."""

    model: ModelName


class StreamRequest(Parameters):
    """A comparison to start, or the next turn of one. Parameters beside `lanes` are the defaults of all lanes."""

    prompt: Annotated[LongText, AfterValidator(_not_blank), Field(examples=["Explain what a monad is to a cook."])]
    models: (
        Annotated[list[ModelName], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES, examples=[["sim/quick", "sim/careful"]])]
        | None
    ) = None
    lanes: Annotated[list[LaneRequest], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES)] | None = None
    session_id: Annotated[CleanText, Field(max_length=64)] | None = None
    """The session whose next turn this is; its lanes are kept, so neither `models`, `lanes` nor parameters go with it."""
    on_disconnect: Literal["continue", "stop"] = "continue"
    """`stop`: end the run as soon as nobody reads it."""

    @model_validator(mode="after")
    def _says_what_to_run(self) -> Self:
        given = [name for name in ("models", "lanes") if getattr(self, name) is not None]
        if self.session_id is not None:
            given += [name for name in Parameters.model_fields if getattr(self, name) is not None]
            if given:
                raise fields_at_fault("is for new sessions: a session's next turn keeps its lanes and their parameters", *given)
        elif not given:
            raise fields_at_fault("is missing: give the `models` to compare, or `lanes`", "models")
        elif len(given) > 1:
            raise fields_at_fault("give either `models` or `lanes`", *given)
        return self

    def all_lanes(self) -> list[LaneRequest]:
        """The lanes of a new session, each with the defaults filled in."""
        lanes = self.lanes if self.lanes is not None else [LaneRequest(model=model) for model in self.models or []]
        defaults = {name: getattr(self, name) for name in Parameters.model_fields}
        return [
            lane.model_copy(update={name: value for name, value in defaults.items() if value is not None and getattr(lane, name) is None})
            for lane in lanes
        ]


class StopRequest(WireInput):
    """What to stop: one lane, or all when `lane` is absent."""

    lane: Annotated[int, Field(ge=0, lt=MOST_LANES)] | None = None


class StopResult(WireModel):
    """The lanes that were told to stop; those that had ended are not among them."""

    stopped: list[int]


class KeepRequest(WireInput):
    """For how long the running turn continues without a reader."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_KEEP_SECONDS)]


class KeepResult(WireModel):
    """Whether there is a running turn."""

    running: bool


class SessionChange(WireInput):
    """What can be changed of a session."""

    title: Annotated[CleanText, AfterValidator(_not_blank), Field(max_length=300)]


class LaneSummary(WireModel):
    """One lane of a session."""

    lane: int
    model: str
    provider: str
    simulated: bool
    status: AnswerStatus
    """Of its newest answer."""


class AnswerFigures(WireModel):
    """Tokens, cost and times of an answer, without its text. Durations are in ms."""

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
    """Asked with the user's own key for the provider, which paid for it."""
    time_to_first_token: float | None
    response_time: float | None
    tokens_per_second: float | None
    time_to_first_answer: float | None
    total_time: float | None
    created_at: Moment


class SessionSummary(WireModel):
    """A session in the list. `total_cost` is real money; costs that are not known are counted in `unknown_costs`."""

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
    """With `include=answers`."""


class SessionPage(WireModel):
    """A page of sessions, newest first. `next_cursor` leads to the next; null: this is the last."""

    items: list[SessionSummary]
    next_cursor: str | None


class AnswerError(WireModel):
    """Why an answer failed."""

    code: str
    message: str
    retryable: bool


class AnswerSource(WireModel):
    """Something an answer refers to. `url` is of http or https, or null where the provider named none."""

    url: str | None
    title: str | None


class AnswerAttachment(WireModel):
    """A part of an answer that is no text. What it contains is not kept."""

    kind: Literal["image", "audio", "file"]
    type: str | None
    """As `image/png`."""
    size: int | None
    """In bytes."""
    url: str | None


class Answer(WireModel):
    """What one lane produced in one turn."""

    lane: int
    status: AnswerStatus
    text: str
    reasoning: str
    sources: list[AnswerSource]
    """In the order of the numbers in the text."""
    attachments: list[AnswerAttachment]
    finish_reason: str | None
    """The provider's word for why the answer ended."""
    ending: Ending | None
    """What the finish reason means; null where it is not known."""
    max_tokens: int | None
    """The most output tokens that were asked for; null: the provider's default."""
    error: AnswerError | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    """Of the input: written to the provider's cache."""
    output_tokens: int | None
    reasoning_tokens: int | None
    tokens_used: int | None
    estimated: bool
    simulated: bool
    cost: Money | None
    cost_source: Literal["provider", "list"] | None
    own_key: bool
    """Asked with the user's own key for the provider, which paid for it."""
    time_to_first_token: float | None
    response_time: float | None
    tokens_per_second: float | None
    attempts: int
    created_at: Moment
    finished_at: Moment | None
    time_to_first_answer: float | None
    """From sending the request to the first piece that is not thinking."""
    total_time: float | None
    """From sending the first request to the end: with the attempts that failed, and the waits between."""
    timeline: list[tuple[int, int]] | None
    """How it grew: pairs of the ms since the answered request was sent and the characters that had come by then, those of the thinking
    included; at most 128, and the last is the end. Null: it is not known."""


class Turn(WireModel):
    """One prompt and the answers of the lanes, in their order."""

    turn: int
    prompt: str
    run_id: str
    created_at: Moment
    finished_at: Moment | None
    answers: list[Answer]


class SessionLaneDetail(LaneSummary):
    """One lane, with what it was asked for."""

    parameters: dict[str, Any]


class SessionDetail(WireModel):
    """Everything that is kept of a session."""

    id: str
    title: str
    created_at: Moment
    updated_at: Moment
    running: bool
    """A turn is being produced: `GET /playground/sessions/{id}/stream` joins it."""
    lanes: list[SessionLaneDetail]
    turns: list[Turn]
