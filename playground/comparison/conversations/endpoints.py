"""`/playground/sessions`: making sessions, and changing what their next turns continue."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from playground.accounts.authorization import SessionWriter
from playground.catalogue.access import ModelNotAllowed
from playground.catalogue.catalogue import UnknownModel
from playground.comparison.history import History
from playground.comparison.planning import AnswerNotFound, LaneNotFound, SessionNotFound, TurnNotFound
from playground.comparison.running.runs import TurnRunning
from playground.comparison.schemas import MOST_LANE_NUMBER, SessionDetail
from playground.comparison.streamed_sessions import written
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText

from .schemas import ForkRequest, HeadChoice, HeadsChoice, LaneChange, LaneOrder, NewLane, NewSession, SessionChange
from .service import Conversations, TooManyLanes

router = APIRouter(prefix="/playground/sessions", tags=["sessions"])

SessionId = Annotated[CleanText, Path(max_length=64, examples=["01k9w3zj2c6v8n4r5t7y9b1d3f"])]
LanePath = Annotated[int, Path(ge=0, le=MOST_LANE_NUMBER, description="The lane's number.")]
TurnId = Annotated[CleanText, Path(max_length=64)]
AnswerId = Annotated[CleanText, Path(max_length=64)]

_ALWAYS = (BadInput, NotAuthenticated, Unavailable, TooSlow)


@router.post(
    "", status_code=status.HTTP_201_CREATED, response_model=SessionDetail, responses=documented(*_ALWAYS, UnknownModel, ModelNotAllowed)
)
async def create_session(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, body: NewSession
) -> Response:
    """Make an empty session. Its first turn is `POST /playground/stream` with its `sessionId`."""
    session_id = await conversations.create(user, body)
    return written(await history.detail(user.id, session_id), status.HTTP_201_CREATED)


@router.patch("/{session_id}", response_model=SessionDetail, responses=documented(*_ALWAYS, SessionNotFound))
async def change_session(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId, change: SessionChange
) -> Response:
    """Change a session's title, tags, metadata, default parameters, or when it expires."""
    await conversations.change(user, session_id, change)
    return written(await history.detail(user.id, session_id))


@router.delete(
    "/{session_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(NotAuthenticated, SessionNotFound, Unavailable)
)
async def delete_session(
    conversations: Provided[Conversations],
    user: SessionWriter,
    session_id: SessionId,
    permanently: Annotated[bool, Query(description="Delete it for good, also out of the trash.")] = False,
) -> None:
    """Move a session to the trash, from which it can be restored for some days. A running turn is stopped first."""
    await conversations.delete(user, session_id, permanently=permanently)


@router.post("/{session_id}/restore", response_model=SessionDetail, responses=documented(*_ALWAYS, SessionNotFound))
async def restore_session(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId
) -> Response:
    """Take a session out of the trash."""
    await conversations.restore(user, session_id)
    return written(await history.detail(user.id, session_id))


@router.post(
    "/{session_id}/fork",
    status_code=status.HTTP_201_CREATED,
    response_model=SessionDetail,
    responses=documented(*_ALWAYS, SessionNotFound, AnswerNotFound, TurnRunning),
)
async def fork_session(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId, body: ForkRequest
) -> Response:
    """Copy the conversation that ends with an answer into a new session with one lane."""
    fork_id = await conversations.fork(user, session_id, body)
    return written(await history.detail(user.id, fork_id), status.HTTP_201_CREATED)


@router.put(
    "/{session_id}/head",
    response_model=SessionDetail,
    responses=documented(*_ALWAYS, SessionNotFound, AnswerNotFound, LaneNotFound, TurnRunning),
)
async def continue_with(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId, choice: HeadsChoice
) -> Response:
    """Let the next turn of several lanes, or of all, continue one answer: that of the best lane, for instance."""
    await conversations.move_heads(user, session_id, choice.lanes, choice.answer_id)
    return written(await history.detail(user.id, session_id))


@router.post(
    "/{session_id}/lanes",
    status_code=status.HTTP_201_CREATED,
    response_model=SessionDetail,
    responses=documented(*_ALWAYS, SessionNotFound, AnswerNotFound, TooManyLanes, TurnRunning, UnknownModel, ModelNotAllowed),
)
async def add_lane(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId, lane: NewLane
) -> Response:
    """Add a lane: empty, or continuing an answer of another lane."""
    await conversations.add_lane(user, session_id, lane)
    return written(await history.detail(user.id, session_id), status.HTTP_201_CREATED)


@router.put("/{session_id}/lanes", response_model=SessionDetail, responses=documented(*_ALWAYS, SessionNotFound, LaneNotFound))
async def order_lanes(
    conversations: Provided[Conversations], history: Provided[History], user: SessionWriter, session_id: SessionId, order: LaneOrder
) -> Response:
    """Put the lanes into another order. Their numbers stay."""
    await conversations.order_lanes(user, session_id, order.lanes)
    return written(await history.detail(user.id, session_id))


@router.patch(
    "/{session_id}/lanes/{lane}",
    response_model=SessionDetail,
    responses=documented(*_ALWAYS, SessionNotFound, LaneNotFound, TurnRunning, UnknownModel, ModelNotAllowed),
)
async def change_lane(
    conversations: Provided[Conversations],
    history: Provided[History],
    user: SessionWriter,
    session_id: SessionId,
    lane: LanePath,
    change: LaneChange,
) -> Response:
    """Change a lane's model and parameters, from its next turn on."""
    await conversations.change_lane(user, session_id, lane, change)
    return written(await history.detail(user.id, session_id))


@router.delete(
    "/{session_id}/lanes/{lane}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, SessionNotFound, LaneNotFound, TurnRunning, Unavailable),
)
async def remove_lane(conversations: Provided[Conversations], user: SessionWriter, session_id: SessionId, lane: LanePath) -> None:
    """Remove a lane. Its answers stay readable; it takes no further turn."""
    await conversations.remove_lane(user, session_id, lane)


@router.put(
    "/{session_id}/lanes/{lane}/head",
    response_model=SessionDetail,
    responses=documented(*_ALWAYS, SessionNotFound, AnswerNotFound, LaneNotFound, TurnRunning),
)
async def choose_head(
    conversations: Provided[Conversations],
    history: Provided[History],
    user: SessionWriter,
    session_id: SessionId,
    lane: LanePath,
    choice: HeadChoice,
) -> Response:
    """Choose the answer that the lane's next turn continues: another version, an earlier turn, another branch, another lane's."""
    await conversations.move_heads(user, session_id, [lane], choice.answer_id)
    return written(await history.detail(user.id, session_id))


@router.delete(
    "/{session_id}/turns/{turn_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, SessionNotFound, TurnNotFound, TurnRunning, Unavailable),
)
async def delete_turn(conversations: Provided[Conversations], user: SessionWriter, session_id: SessionId, turn_id: TurnId) -> None:
    """Delete a prompt and what was answered. The conversation is continued without it; what it cost stays counted."""
    await conversations.delete_turn(user, session_id, turn_id)


@router.delete(
    "/{session_id}/answers/{answer_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, SessionNotFound, AnswerNotFound, TurnRunning, Unavailable),
)
async def delete_answer(conversations: Provided[Conversations], user: SessionWriter, session_id: SessionId, answer_id: AnswerId) -> None:
    """Delete what an answer says. The conversation is continued without it and its prompt; what it cost stays counted."""
    await conversations.delete_answer(user, session_id, answer_id)
