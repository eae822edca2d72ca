"""`/playground`: starting and streaming comparisons, and stored sessions."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sse_starlette import EventSourceResponse

from playground.accounting.estimates import Estimator
from playground.accounting.schemas import Estimate
from playground.accounts.authorization import ScopeMissing, SessionReader, Streamer, StreamUser
from playground.accounts.logins.tickets import Ticket, Tickets, TicketUsed
from playground.catalogue.access import ModelNotAllowed
from playground.catalogue.catalogue import UnknownModel
from playground.comparison.history import History
from playground.comparison.running.run_memory import RunMemoryFull
from playground.comparison.running.runs import ShuttingDown, TurnRunning
from playground.comparison.service import ComparisonService
from playground.comparison.stream.event_docs import STREAM_ANSWER
from playground.database.shares import TooSlow
from playground.keys.provider_keys.user_keys import ProviderKeyUnreadable
from playground.kit.closing_stream import ClosingStream
from playground.kit.csv import CSV_TYPE, AcceptHeader, Format, attachment, wants_csv
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import GivenMoment, IdCursor
from playground.limits.service import LimitService

from .export import as_csv
from .planning import AnswerNotFound, LaneNotFound, SessionNotFound, TurnNotFound
from .schemas import (
    LONGEST_QUERY_PROMPT_BYTES,
    MOST_LANE_NUMBER,
    AnswerStatus,
    KeepRequest,
    KeepResult,
    RegenerateRequest,
    SessionDetail,
    SessionPage,
    StopRequest,
    StopResult,
    StreamRequest,
)
from .service import KeyReused, LastEventId
from .session_lists import SessionFilter
from .start_route import LONGEST_IDEMPOTENCY_KEY, StartRoute
from .streamed_sessions import as_array, written
from .streams import Streams

router = APIRouter(prefix="/playground", tags=["comparisons"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_IDEMPOTENCY_KEY,
        description="If a request with this key was sent before, join the run that it started.",
    ),
]
LastEventIdHeader = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The id of the last event received. The stream continues after it.",
        examples=["k3v9q2m7:12"],
    ),
]

SessionId = Annotated[CleanText, Path(max_length=64, examples=["01k9w3zj2c6v8n4r5t7y9b1d3f"])]

_STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    **documented(
        BadInput,
        UnknownModel,
        KeyReused,
        NotAuthenticated,
        ModelNotAllowed,
        TicketUsed,
        TurnRunning,
        ProviderKeyUnreadable,
        SessionNotFound,
        Unavailable,
        ShuttingDown,
        RunMemoryFull,
    ),
    200: STREAM_ANSWER,
    204: {"description": "The run is over, and all its events were received. This status stops an `EventSource`."},
}


async def start_stream(
    request: Request,
    comparisons: Provided[ComparisonService],
    limits: Provided[LimitService],
    streams: Provided[Streams],
    user: StreamUser,
    body: StreamRequest,
    idempotency_key: IdempotencyKey = None,
    last_event_id: LastEventIdHeader = None,
) -> Response:
    """Send one prompt to several models, and stream their answers as they are written.

    With `Accept: application/json` or `"stream": false` it waits for all answers, and gives them as one JSON object. With `Last-Event-ID`
    it continues the run of that event, and starts none.
    """
    if last_event_id is not None:
        return await streams.of_running(user, comparisons.resume(user.id, LastEventId.parse(last_event_id)))
    quota = limits.quota(user, request.scope)
    reading = await comparisons.start(user, body, idempotency_key, quota)
    return await streams.started(request, user, reading, streamed=body.stream)


router.add_api_route(
    "/stream",
    start_stream,
    methods=["POST"],
    response_class=EventSourceResponse,
    responses=_STREAM_RESPONSES,
    route_class_override=StartRoute,
)


@router.get("/stream", response_class=EventSourceResponse, responses=_STREAM_RESPONSES)
async def start_stream_by_address(
    request: Request,
    comparisons: Provided[ComparisonService],
    limits: Provided[LimitService],
    streams: Provided[Streams],
    user: StreamUser,
    prompt: Annotated[str, Query(description=f"At most {LONGEST_QUERY_PROMPT_BYTES // 1024} KB.", examples=["Explain what a monad is."])],
    models: Annotated[str, Query(description="Model names, separated by commas.", examples=["sim/quick,sim/careful"])],
    last_event_id: LastEventIdHeader = None,
) -> Response:
    """Start a comparison with `EventSource`, which can send neither a body nor headers.

    An `EventSource` that loses its connection reconnects to the same URL with `Last-Event-ID`, which resumes its run.
    """
    if last_event_id is not None:
        return await streams.of_running(user, comparisons.resume(user.id, LastEventId.parse(last_event_id)))
    size = len(prompt.encode("utf-8", "surrogatepass"))
    if size > LONGEST_QUERY_PROMPT_BYTES:
        detail = f"is {size:,} bytes long; at most {LONGEST_QUERY_PROMPT_BYTES:,} (8 KB) are allowed in a URL. Use POST for longer prompts"
        raise BadInput.at("prompt", detail)
    try:
        asked = StreamRequest(prompt=prompt, models=[name.strip() for name in models.split(",") if name.strip()])
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("query", *each["loc"])} for each in error.errors()]) from None
    quota = limits.quota(user, request.scope)
    return await streams.of(user, await comparisons.start(user, asked, None, quota))


@router.post("/tickets", responses=documented(NotAuthenticated, ScopeMissing))
async def issue_ticket(tickets: Provided[Tickets], user: Streamer) -> Ticket:
    """Create a ticket for one stream. Clients that can't set headers, such as `EventSource`, send it as `token=` in the URL.

    The stream must start within `expiresIn` seconds. The same ticket resumes it with `Last-Event-ID`, also after that time.
    """
    return tickets.issue(user)


@router.post(
    "/estimate",
    responses=documented(
        BadInput, UnknownModel, NotAuthenticated, ModelNotAllowed, SessionNotFound, TurnRunning, ProviderKeyUnreadable, Unavailable
    ),
)
async def estimate(
    request: Request,
    limits: Provided[LimitService],
    estimator: Provided[Estimator],
    comparisons: Provided[ComparisonService],
    user: Streamer,
    body: StreamRequest,
) -> Estimate:
    """Estimate the tokens and the range of the cost for each lane, without sending anything to a provider.

    The body is that of `POST /playground/stream`.
    """
    quota = limits.quota(user, request.scope)
    return await estimator.estimate(await comparisons.planned_calls(user, body, quota))


@router.get("/sessions/{session_id}/stream", response_class=EventSourceResponse, responses=_STREAM_RESPONSES)
async def join_stream(
    comparisons: Provided[ComparisonService],
    streams: Provided[Streams],
    user: StreamUser,
    session_id: SessionId,
    last_event_id: LastEventIdHeader = None,
    run: Annotated[CleanText | None, Query(max_length=64, description="The run; without it, the newest.")] = None,
) -> Response:
    """Join what is running in the session, from its first event or after `Last-Event-ID`. Any number of readers may."""
    last = None if last_event_id is None else LastEventId.parse(last_event_id)
    if last is not None and user.ticket_id is not None:
        # A ticket is valid for one run, and the session may have started another one since.
        return await streams.of_running(user, comparisons.resume(user.id, last))
    return await streams.of_running(user, await comparisons.join(user.id, session_id, last, run))


@router.post(
    "/sessions/{session_id}/lanes/{lane}/regenerate",
    response_class=EventSourceResponse,
    responses=_STREAM_RESPONSES | documented(SessionNotFound, LaneNotFound, AnswerNotFound, TurnNotFound),
)
async def regenerate(
    request: Request,
    comparisons: Provided[ComparisonService],
    limits: Provided[LimitService],
    streams: Provided[Streams],
    user: Streamer,
    session_id: SessionId,
    lane: Annotated[int, Path(ge=0, le=MOST_LANE_NUMBER)],
    body: RegenerateRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Write another version of an answer, or several at once, with the same conversation before it. The newest becomes the lane's head.

    It is also how a failed answer is tried again. Its events carry `version`.
    """
    asked = body or RegenerateRequest()
    quota = limits.quota(user, request.scope)
    reading = await comparisons.regenerate(user, session_id, lane, asked, idempotency_key, quota)
    return await streams.started(request, user, reading, streamed=asked.stream)


@router.post("/sessions/{session_id}/keep", responses=documented(BadInput, NotAuthenticated, SessionNotFound, Unavailable))
async def keep(comparisons: Provided[ComparisonService], user: Streamer, session_id: SessionId, body: KeepRequest) -> KeepResult:
    """Let the running turn continue without a reader for some seconds, for a client that closes its stream and will join again.

    The page uses this while its tab is hidden, since browsers open only six connections to a site over HTTP/1.1. The longest time
    requested so far applies. After it, the turn is stopped like any other that no one reads, so repeat the request in time.
    """
    return KeepResult(running=await comparisons.keep(user.id, session_id, body.seconds))


@router.post("/sessions/{session_id}/stop", responses=documented(BadInput, NotAuthenticated, SessionNotFound, Unavailable))
async def stop(
    comparisons: Provided[ComparisonService], user: Streamer, session_id: SessionId, body: StopRequest | None = None
) -> StopResult:
    """Stop one lane of the running turn, or all lanes. The text so far is kept, and its tokens and cost are counted."""
    lane = body.lane if body else None
    return StopResult(stopped=await comparisons.stop(user.id, session_id, lane))


async def _wanted_sessions(
    q: Annotated[
        CleanText | None,
        Query(
            max_length=500,
            description="Search terms: parts of words, or phrases in quotation marks. The title or one prompt must contain all of them.",
        ),
    ] = None,
    model: Annotated[CleanText | None, Query(max_length=300, description="The model of at least one lane, such as `sim/quick`.")] = None,
    answer_status: Annotated[AnswerStatus | None, Query(alias="status", description="The status of at least one answer.")] = None,
    since: Annotated[GivenMoment | None, Query(alias="from", description="Created at this time or later.")] = None,
    until: Annotated[GivenMoment | None, Query(alias="to", description="Created before this time.")] = None,
    tag: Annotated[list[CleanText] | None, Query(max_length=32, description="It has this tag; repeat it for several.")] = None,
    favourite: Annotated[bool | None, Query(description="It is marked as a favourite, or isn't.")] = None,
    deleted: Annotated[bool, Query(description="The sessions in the trash, in place of the others.")] = False,
) -> SessionFilter:
    return SessionFilter(
        text=q,
        model=model,
        status=answer_status,
        since=since,
        until=until,
        tags=tuple(tag or ()),
        favourite=favourite,
        deleted=deleted,
    )


WantedSessions = Annotated[SessionFilter, Depends(_wanted_sessions)]


@router.get("/sessions", responses=documented(BadInput, NotAuthenticated, Unavailable, TooSlow))
async def list_sessions(
    history: Provided[History],
    user: SessionReader,
    wanted: WantedSessions,
    include: Annotated[Literal["answers"] | None, Query(description="`answers`: include the metrics of every answer.")] = None,
    cursor: Annotated[IdCursor | None, Query(description="The `nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> SessionPage:
    """List your sessions, newest first, page by page."""
    return await history.page(user.id, wanted, cursor=cursor, limit=limit, with_answers=include == "answers")


@router.get(
    "/sessions/export",
    response_model=list[SessionDetail],
    responses={
        **documented(BadInput, NotAuthenticated, Unavailable, TooSlow),
        200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}},
    },
)
async def export_sessions(
    history: Provided[History], user: SessionReader, wanted: WantedSessions, file_format: Format = None, accept: AcceptHeader = None
) -> Response:
    """Export your sessions with all their texts, newest first, in one file: JSON, or CSV with one line for each answer.

    The file is streamed. If the connection ends with an error, the file is incomplete.
    """
    pages = await history.export(user.id, wanted)
    if wants_csv(file_format, accept):
        return ClosingStream(as_csv(pages, for_people=file_format is not None), media_type=CSV_TYPE, headers=attachment("sessions.csv"))
    return ClosingStream(as_array(pages), media_type="application/json", headers=attachment("sessions.json"))


@router.get(
    "/sessions/{session_id}",
    response_model=SessionDetail,
    responses=documented(NotAuthenticated, SessionNotFound, Unavailable, TooSlow),
)
async def get_session(history: Provided[History], user: SessionReader, session_id: SessionId) -> Response:
    """Return a session with its lanes, turns and answers. A running turn has the text written so far.

    The response is streamed. If the connection ends with an error, it is incomplete.
    """
    return written(await history.detail(user.id, session_id))
