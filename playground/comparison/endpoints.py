"""`/playground`: comparisons, as streams and as records."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sse_starlette import EventSourceResponse

from playground.accounting.estimates import Estimator
from playground.accounting.schemas import Estimate
from playground.accounts.authorization import ScopeMissing, SessionReader, SessionWriter, Streamer, StreamUser
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
from .repository import SessionFilter
from .schemas import (
    LONGEST_QUERY_PROMPT_BYTES,
    AnswerStatus,
    KeepRequest,
    KeepResult,
    SessionChange,
    SessionDetail,
    SessionPage,
    StopRequest,
    StopResult,
    StreamRequest,
)
from .service import KeyReused, LastEventId, SessionNotFound
from .start_route import LONGEST_IDEMPOTENCY_KEY, StartRoute
from .streamed_sessions import Part, as_array, as_object
from .streams import Streams

router = APIRouter(prefix="/playground", tags=["comparisons"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_IDEMPOTENCY_KEY,
        description="A repeated request with the same key joins the run that the first one started.",
    ),
]
LastEventIdHeader = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The id of the last event that was read: the stream goes on after it.",
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
    204: {"description": "The run is over, and all of it was read. It tells `EventSource` to stop."},
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

    With `Last-Event-ID` it goes on with the run of that event, and starts none.
    """
    if last_event_id is not None:
        return await streams.of_running(user, comparisons.resume(user.id, LastEventId.parse(last_event_id)))
    quota = limits.quota(user, request.scope)
    return await streams.of(user, await comparisons.start(user, body, idempotency_key, quota))


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
    models: Annotated[str, Query(description="Names, with commas between them.", examples=["sim/quick,sim/careful"])],
    last_event_id: LastEventIdHeader = None,
) -> Response:
    """The same for `EventSource`, which can send neither a body nor headers.

    An `EventSource` that lost its connection comes back to the same address with `Last-Event-ID`: that resumes its run.
    """
    if last_event_id is not None:
        return await streams.of_running(user, comparisons.resume(user.id, LastEventId.parse(last_event_id)))
    size = len(prompt.encode("utf-8", "surrogatepass"))
    if size > LONGEST_QUERY_PROMPT_BYTES:
        detail = (
            f"is {size:,} bytes long; in an address at most {LONGEST_QUERY_PROMPT_BYTES:,} (8 KB) are allowed. Use POST for longer ones"
        )
        raise BadInput.at("prompt", detail)
    try:
        asked = StreamRequest(prompt=prompt, models=[name.strip() for name in models.split(",") if name.strip()])
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("query", *each["loc"])} for each in error.errors()]) from None
    quota = limits.quota(user, request.scope)
    return await streams.of(user, await comparisons.start(user, asked, None, quota))


@router.post("/tickets", responses=documented(NotAuthenticated, ScopeMissing))
async def issue_ticket(tickets: Provided[Tickets], user: Streamer) -> Ticket:
    """A ticket for one stream, to be sent as `token=` in its address by what can't set headers, as `EventSource`.

    The stream has to begin within `expiresIn` seconds. Coming back to it with `Last-Event-ID` takes the same ticket, also later.
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
    """Tokens and the range of the cost, lane by lane, before anything is sent. Takes the body of `POST /playground/stream`."""
    quota = limits.quota(user, request.scope)
    return await estimator.estimate(await comparisons.planned_calls(user, body, quota))


@router.get("/sessions/{session_id}/stream", response_class=EventSourceResponse, responses=_STREAM_RESPONSES)
async def join_stream(
    comparisons: Provided[ComparisonService],
    streams: Provided[Streams],
    user: StreamUser,
    session_id: SessionId,
    last_event_id: LastEventIdHeader = None,
) -> Response:
    """Join the session's running turn, from its first event or after `Last-Event-ID`. Any number of readers may."""
    last = None if last_event_id is None else LastEventId.parse(last_event_id)
    if last is not None and user.ticket_id is not None:
        # A ticket opens one run, and the session may have gone on to another since.
        return await streams.of_running(user, comparisons.resume(user.id, last))
    return await streams.of_running(user, await comparisons.join(user.id, session_id, last))


@router.post("/sessions/{session_id}/keep", responses=documented(BadInput, NotAuthenticated, SessionNotFound, Unavailable))
async def keep(comparisons: Provided[ComparisonService], user: Streamer, session_id: SessionId, body: KeepRequest) -> KeepResult:
    """Let the running turn continue without a reader for some seconds, for a client that gives its stream up and will join again.

    The page does this while its tab is hidden, since browsers open only six connections to a site over HTTP/1.1. Repeat it in time: the
    longest time that was asked for applies, and after it the turn is stopped as any other without a reader.
    """
    return KeepResult(running=await comparisons.keep(user.id, session_id, body.seconds))


@router.post("/sessions/{session_id}/stop", responses=documented(BadInput, NotAuthenticated, SessionNotFound, Unavailable))
async def stop(
    comparisons: Provided[ComparisonService], user: Streamer, session_id: SessionId, body: StopRequest | None = None
) -> StopResult:
    """Stop one lane of the running turn, or all of them. What was written is kept, counted and priced."""
    lane = body.lane if body else None
    return StopResult(stopped=await comparisons.stop(user.id, session_id, lane))


async def _wanted_sessions(
    q: Annotated[
        CleanText | None,
        Query(
            max_length=500,
            description="Parts of words that all stand in the title, or all in one prompt, in any case; a phrase in quotation marks.",
        ),
    ] = None,
    model: Annotated[CleanText | None, Query(max_length=300, description="Some lane's model, as `sim/quick`.")] = None,
    answer_status: Annotated[AnswerStatus | None, Query(alias="status", description="Some answer's status.")] = None,
    since: Annotated[GivenMoment | None, Query(alias="from", description="Created at this time or later.")] = None,
    until: Annotated[GivenMoment | None, Query(alias="to", description="Created before this time.")] = None,
) -> SessionFilter:
    return SessionFilter(text=q, model=model, status=answer_status, since=since, until=until)


WantedSessions = Annotated[SessionFilter, Depends(_wanted_sessions)]


@router.get("/sessions", responses=documented(BadInput, NotAuthenticated, Unavailable, TooSlow))
async def list_sessions(
    history: Provided[History],
    user: SessionReader,
    wanted: WantedSessions,
    include: Annotated[Literal["answers"] | None, Query(description="`answers`: with the figures of every answer.")] = None,
    cursor: Annotated[IdCursor | None, Query(description="`nextCursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> SessionPage:
    """One's sessions, newest first, page by page."""
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
    """One's sessions with all of their texts, newest first, in one file: JSON, or CSV with a line for each answer.

    It is written while it is read. A file that is cut off (which the connection tells) is not all.
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
    """Everything about a session: lanes, turns, answers. A running turn is shown as far as it has come.

    It is written while it is read. One that is cut off (which the connection tells) is not all.
    """
    return _written(await history.detail(user.id, session_id))


@router.patch(
    "/sessions/{session_id}",
    response_model=SessionDetail,
    responses=documented(BadInput, NotAuthenticated, SessionNotFound, Unavailable, TooSlow),
)
async def change_session(history: Provided[History], user: SessionWriter, session_id: SessionId, change: SessionChange) -> Response:
    """Give a session another title."""
    return _written(await history.rename(user.id, session_id, change.title))


def _written(parts: AsyncIterator[list[Part]]) -> ClosingStream:
    return ClosingStream(as_object(parts), media_type="application/json")


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, SessionNotFound, Unavailable),
)
async def delete_session(history: Provided[History], user: SessionWriter, session_id: SessionId) -> None:
    """Delete a session with all of its answers. A running turn is stopped first."""
    await history.delete(user.id, session_id)
