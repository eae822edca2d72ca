"""A run as it is read: typed events, the position to resume from, and the answers so far. Without input or output of its own."""

from dataclasses import dataclass

import msgspec
from httpx_sse import ServerSentEvent

from playground.comparison.stream.events import ChunkEvent, DoneEvent, ErrorEvent, MetricsEvent, SessionEvent, SourcesEvent, StatusEvent

Event = SessionEvent | StatusEvent | ChunkEvent | SourcesEvent | MetricsEvent | ErrorEvent | DoneEvent

_KNOWN = frozenset(str(kind.__struct_config__.tag) for kind in Event.__args__)


class _Tagged(msgspec.Struct):
    type: str


_tag = msgspec.json.Decoder(_Tagged)
_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


@dataclass(slots=True)
class Answer:
    """What one lane has answered so far."""

    lane: int
    model: str
    text: str = ""
    reasoning: str = ""
    status: str = "queued"
    """`queued`, `connecting`, `streaming`, and at the end `completed`, `failed` or `stopped`."""
    metrics: MetricsEvent | None = None
    """Tokens, cost and times, when the lane has ended."""
    error: ErrorEvent | None = None
    """Why it failed."""


class Reading:
    """What has been read of one run."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.answers: list[Answer] = []
        self.totals: DoneEvent | None = None
        self.over = False
        """There is nothing more to read."""
        self.last_event_id: str | None = None

    def take(self, message: ServerSentEvent) -> Event | None:
        """Return the event in a message; `None` if there is none, or one of a kind that is newer than this client."""
        if not message.data:
            return None
        if message.id:
            self.last_event_id = message.id
        if _tag.decode(message.data).type not in _KNOWN:
            return None
        event = _event.decode(message.data)
        self._note(event)
        return event

    def _note(self, event: Event) -> None:
        match event:
            case SessionEvent():
                self.session_id = event.session_id
                self.answers = [Answer(lane.lane, lane.model) for lane in event.lanes]
            case ChunkEvent(kind="reasoning"):
                self._answer(event.lane).reasoning += event.content
            case ChunkEvent():
                self._answer(event.lane).text += event.content
            case StatusEvent():
                self._answer(event.lane).status = event.status
            case MetricsEvent():
                self._answer(event.lane).metrics = event
            case ErrorEvent():
                self._answer(event.lane).error = event
            case DoneEvent():
                self.totals, self.over = event, True
            case SourcesEvent():
                pass

    def _answer(self, lane: int) -> Answer:
        return next(answer for answer in self.answers if answer.lane == lane)
