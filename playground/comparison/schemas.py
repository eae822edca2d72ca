"""The request and response bodies of comparisons. Events are in `stream/events.py`."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from playground.kit.text import CleanText, not_blank
from playground.kit.wire import Moment, Money, WireInput, WireModel, at_most, fields_at_fault
from playground.providers.answer.finish_reasons import Ending
from playground.providers.calls import ReasoningEffort

LONGEST_KEEP_SECONDS = 3600
MOST_LANES = 16
MOST_LANE_NUMBER = 9_999
MOST_FALLBACKS = 3
MOST_VERSIONS_AT_ONCE = 8
LONGEST_PROMPT_BYTES = 256 * 1024
LONGEST_QUERY_PROMPT_BYTES = 8 * 1024

AnswerStatus = Literal["running", "completed", "failed", "stopped", "interrupted"]
LaneState = Literal["waiting", "running", "completed", "failed", "stopped", "interrupted"]
"""`waiting`: nothing was asked of it yet."""


def _within_prompt_limit(text: str) -> str:
    size = len(text.encode())
    if size > LONGEST_PROMPT_BYTES:
        raise ValueError(f"is {size:,} bytes long; at most {LONGEST_PROMPT_BYTES:,} (256 KB) are allowed")
    return text


LongText = Annotated[CleanText, AfterValidator(_within_prompt_limit)]
LaneNumber = Annotated[int, Field(ge=0, le=MOST_LANE_NUMBER)]
ObjectId = Annotated[CleanText, Field(min_length=1, max_length=64)]
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
    fallbacks: Annotated[list[ModelName], at_most(MOST_FALLBACKS), Field(max_length=MOST_FALLBACKS)] | None = None
    """Models that are asked, one after the other, when the one before fails without having written anything."""


class LaneRequest(Parameters):
    """One lane: a model, and what it is asked differently from the other lanes.

    In a session's next turn: what changes for the lane `lane` from now on. What is absent stays as it is; null goes back to the default.
    """

    lane: LaneNumber | None = None
    model: ModelName | None = None


class StreamRequest(Parameters):
    """A new comparison, or the next turn of an existing one. Parameters at the top level are the defaults for all lanes."""

    prompt: Annotated[LongText, AfterValidator(not_blank), Field(examples=["Explain what a monad is to a cook."])]
    models: (
        Annotated[list[ModelName], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES, examples=[["sim/quick", "sim/careful"]])]
        | None
    ) = None
    lanes: Annotated[list[LaneRequest], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES)] | None = None
    session_id: Annotated[CleanText, Field(max_length=64)] | None = None
    """The session whose next turn this is. Its lanes keep their models and parameters, but for those that `lanes` changes."""
    only: Annotated[list[LaneNumber], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES)] | None = None
    """The lanes that take this turn; absent: all of them."""
    replaces: ObjectId | None = None
    """The id of a turn whose prompt is edited: its lanes continue from before it, and it stays as a branch."""
    stream: bool = True
    """False: wait for all answers, and give them as one JSON object."""
    on_disconnect: Literal["continue", "stop"] = "continue"
    """`stop`: stop the run as soon as no one reads it."""

    @model_validator(mode="after")
    def _says_what_to_run(self) -> Self:
        if self.session_id is not None:
            given = [name for name in ("models", *Parameters.model_fields) if getattr(self, name) is not None]
            if given:
                raise fields_at_fault("is for new sessions: a session's next turn changes its lanes in `lanes`", *given)
            self._check_changes()
            return self
        given = [name for name in ("only", "replaces") if getattr(self, name) is not None]
        if given:
            raise fields_at_fault("is for the next turn of a session: give its `sessionId` too", *given)
        given = [name for name in ("models", "lanes") if getattr(self, name) is not None]
        if not given:
            raise fields_at_fault("is missing: give the `models` to compare, or `lanes`", "models")
        if len(given) > 1:
            raise fields_at_fault("give either `models` or `lanes`", *given)
        for place, lane in enumerate(self.lanes or ()):
            if lane.model is None:
                raise fields_at_fault("is missing", f"lanes.{place}.model")
            if lane.lane is not None:
                raise fields_at_fault("is for the next turn of a session: give its `sessionId` too", f"lanes.{place}.lane")
        return self

    def _check_changes(self) -> None:
        seen: set[int] = set()
        for place, lane in enumerate(self.lanes or ()):
            if lane.lane is None:
                raise fields_at_fault("is missing: which lane of the session changes", f"lanes.{place}.lane")
            if lane.lane in seen:
                raise fields_at_fault("is changed twice", f"lanes.{place}.lane")
            if self.only is not None and lane.lane not in self.only:
                raise fields_at_fault("takes no part in this turn: it isn't in `only`", f"lanes.{place}.lane")
            seen.add(lane.lane)
        if self.only is not None and len(set(self.only)) < len(self.only):
            raise fields_at_fault("names a lane twice", "only")

    def all_lanes(self) -> list[LaneRequest]:
        """Return the lanes of a new session, each with the defaults filled in."""
        lanes = self.lanes if self.lanes is not None else [LaneRequest(model=model) for model in self.models or []]
        return [with_defaults(lane, self) for lane in lanes]


def with_defaults(lane: LaneRequest, defaults: Parameters) -> LaneRequest:
    """Return the lane with the `defaults` where it says nothing."""
    given = {name: getattr(defaults, name) for name in Parameters.model_fields}
    return lane.model_copy(update={name: value for name, value in given.items() if value is not None and getattr(lane, name) is None})


class RegenerateRequest(Parameters):
    """Another version of an answer. What is absent is as it was for the answer; null goes back to the default."""

    answer_id: ObjectId | None = None
    """The answer; absent: the newest of the lane's conversation."""
    model: ModelName | None = None
    times: Annotated[int, Field(ge=1, le=MOST_VERSIONS_AT_ONCE)] = 1
    """So many versions at once."""
    stream: bool = True
    """False: wait for all answers, and give them as one JSON object."""
    on_disconnect: Literal["continue", "stop"] = "continue"
    """`stop`: end the run as soon as nobody reads it."""


class StopRequest(WireInput):
    """Which lane to stop; all lanes if `lane` is absent."""

    lane: LaneNumber | None = None


class StopResult(WireModel):
    """The lanes that are being stopped. Lanes that had already ended are not listed."""

    stopped: list[int]


class KeepRequest(WireInput):
    """How long the running turn continues without a reader."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_KEEP_SECONDS)]


class KeepResult(WireModel):
    """Whether a turn is running."""

    running: bool


class LaneSummary(WireModel):
    """One lane of a session."""

    lane: int
    model: str
    provider: str
    simulated: bool
    status: LaneState
    """Of its newest answer."""


class AnswerFigures(WireModel):
    """The tokens, cost and times of an answer, without its text. Durations are in ms."""

    turn: int
    lane: int
    version: int
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
    tags: list[str]
    favourite: bool
    created_at: Moment
    updated_at: Moment
    expires_at: Moment | None
    deleted_at: Moment | None
    """It is in the trash."""
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
    """What one model produced for one lane in one turn."""

    id: str
    lane: int
    version: int
    """From 1 within its turn and lane."""
    previous_id: str | None
    """The answer that it continues; null: it starts a conversation."""
    current: bool
    """It is part of its lane's conversation. False for other versions, and for what belongs to another branch."""
    deleted: bool
    """Its text was deleted; what it cost stays."""
    copied_from: str | None
    """The answer in another session that it was copied from. What it cost is counted there."""
    provider: str
    model: str
    parameters: dict[str, Any]
    fallback_from: str | None
    """The model that was asked first, where another took over."""
    omitted_turns: int
    """The oldest turns of the conversation that were not sent, because the model's context window is too small."""
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
    """One prompt and the answers of the lanes, in the order of lanes and versions."""

    id: str
    turn: int
    prompt: str
    run_id: str
    replaces_id: str | None
    """The turn whose prompt was edited to make this one."""
    deleted: bool
    created_at: Moment
    finished_at: Moment | None
    answers: list[Answer]


class RunResult(WireModel):
    """All answers of a run that is over."""

    session_id: str
    run_id: str
    turn_id: str
    turn: int
    prompt: str
    answers: list[Answer]
    total_tokens: int
    total_cost: Money
    """Real money; costs that are not known are counted in `unknown_costs`."""
    unknown_costs: int
    simulated_cost: Money


class SessionLaneDetail(LaneSummary):
    """One lane. Model and parameters are those of its next turn."""

    parameters: dict[str, Any]
    head_id: str | None
    """The answer that its next turn continues; null: it starts a conversation."""
    removed: bool
    """It takes no further turn; its answers stay."""


class SessionDetail(WireModel):
    """A session with all its turns and answers."""

    id: str
    title: str
    tags: list[str]
    favourite: bool
    metadata: dict[str, Any]
    parameters: dict[str, Any]
    """The defaults for lanes that are added."""
    forked_from: str | None
    """The answer that this session was forked from."""
    created_at: Moment
    updated_at: Moment
    expires_at: Moment | None
    running: bool
    """A turn is running; `GET /playground/sessions/{id}/stream` joins it."""

    lanes: list[SessionLaneDetail]
    """In their order from the left."""
    turns: list[Turn]
