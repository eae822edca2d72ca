"""Each transition of an answer's states, and of what is waited for, by the bytes that cause it."""

import json

import pytest

from playground.providers.answer.reader import AnswerReader
from playground.providers.answer.states import TRANSITIONS, Event, Progress, State
from playground.providers.answer.timeouts import AWAITED_NEXT, Awaited, Patience, Watch
from playground.providers.records import Provider

from .upstream import DONE, event, finish_chunk, text_chunk

LAB = Provider(id="lab", name="The lab", base_url="http://127.0.0.1:1/v1")
TEXT = event(text_chunk("Hello"))
REASON = event(finish_chunk())
# Half of a character is text, but none that can be shown before the other half comes.
REASON_WITH_TEXT = event(r'{"choices":[{"index":0,"delta":{"content":"\ud83d"},"finish_reason":"stop"}]}')
ERROR = event({"error": {"message": "out of order"}})
WHOLE = json.dumps({"choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}]}).encode()
WHOLE_WITHOUT_TEXT = json.dumps({"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}]}).encode()
OTHER_CHOICE = event('{"choices":[{"index":7,"delta":{"content":"Hello"},"finish_reason":"stop"}]}')
OTHER_CHOICE_WITHOUT_TEXT = event('{"choices":[{"index":7,"delta":{},"finish_reason":"stop"}]}')
USAGE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}})

LEADS_TO: dict[State, list[bytes]] = {
    State.BLANK: [b"\n"],
    State.OBJECT: [b'{"choices":'],
    State.WRITING: [TEXT],
    State.REASONED: [TEXT, REASON_WITH_TEXT],
    State.CLOSING: [TEXT, REASON],
    State.RESUMED: [TEXT, REASON, TEXT],
    State.OVER: [TEXT, DONE],
}
CAUSES: dict[Event, list[bytes]] = {
    Event.STREAM_BEGAN: [b": hello\n\n"],
    Event.OBJECT_BEGAN: [b"{"],
    Event.TEXT: [TEXT],
    Event.REASON: [REASON],
    Event.REASON_WITH_TEXT: [REASON_WITH_TEXT],
    Event.DONE: [DONE],
    Event.FAILED: [ERROR],
    Event.ENDED: [],
}
# Where the whole body is not the state's bytes and then the event's.
BODIES: dict[tuple[State, Event], list[bytes]] = {
    (State.BLANK, Event.FAILED): [b"\n"],
    (State.OBJECT, Event.REASON): [WHOLE_WITHOUT_TEXT],
    (State.OBJECT, Event.REASON_WITH_TEXT): [WHOLE],
    (State.OBJECT, Event.FAILED): [b'{"choices":'],
    (State.OBJECT, Event.ENDED): [WHOLE],
    (State.WRITING, Event.ENDED): [TEXT, USAGE],
    (State.OVER, Event.TEXT): [TEXT + REASON + TEXT + DONE],
    (State.OVER, Event.REASON): [OTHER_CHOICE_WITHOUT_TEXT, DONE],
    (State.OVER, Event.REASON_WITH_TEXT): [OTHER_CHOICE, DONE],
}


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[State, Event, State]]:
    """Every transition, in order."""
    transitions: list[tuple[State, Event, State]] = []
    move = Progress.on

    def record(progress: Progress, what: Event) -> None:
        before = progress.state
        move(progress, what)
        transitions.append((before, what, progress.state))

    monkeypatch.setattr(Progress, "on", record)
    return transitions


@pytest.mark.parametrize(
    ("state", "what", "target"),
    [(state, what, target) for state, row in TRANSITIONS.items() for what, target in row.items()],
    ids=lambda value: value.name,
)
def test_each_transition_is_caused_by_bytes(happened: list[tuple[State, Event, State]], state: State, what: Event, target: State) -> None:
    reader = AnswerReader(LAB)
    for piece in BODIES.get((state, what), [*LEADS_TO[state], *CAUSES[what]]):
        reader.feed(piece)
    reader.end()
    assert (state, what, target) in happened
    assert reader.progress.state is State.OVER


@pytest.mark.parametrize("state", LEADS_TO, ids=lambda state: state.name)
def test_each_state_is_reached_and_survives_keep_alives(state: State) -> None:
    reader = AnswerReader(LAB)
    for piece in LEADS_TO[state]:
        reader.feed(piece)
    assert reader.progress.state is state
    reader.feed(b"\n\n")
    assert reader.progress.state is state


@pytest.mark.parametrize(
    ("pieces", "cut", "complete"),
    [
        ([TEXT], False, False),
        ([TEXT, REASON_WITH_TEXT], True, True),
        ([TEXT, REASON], True, True),
        ([TEXT, REASON, TEXT], True, False),
        ([TEXT, REASON, TEXT], False, True),
        ([TEXT, REASON, TEXT, REASON], True, True),
        # A server that sends a reason with every chunk.
        ([TEXT, REASON_WITH_TEXT, REASON_WITH_TEXT], True, False),
        ([TEXT, REASON_WITH_TEXT, REASON_WITH_TEXT], False, True),
        ([TEXT, DONE], True, True),
    ],
)
def test_the_state_at_the_end_of_the_connection_says_whether_the_answer_is_complete(pieces: list[bytes], cut: bool, complete: bool) -> None:
    reader = AnswerReader(LAB)
    for piece in pieces:
        reader.feed(piece)
    reader.end(cut=cut)
    assert (reader.failure is None) is complete


def reach(watch: Watch, awaited: Awaited) -> None:
    if awaited is not Awaited.FIRST_TEXT:
        watch.heard(text=True)
    if awaited in (Awaited.END, Awaited.QUICK_END):
        watch.answer_is(State.REASONED if awaited is Awaited.END else State.CLOSING, settles=False)
    assert watch.awaited is awaited


@pytest.mark.parametrize("awaited", Awaited, ids=lambda awaited: awaited.name)
@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
async def test_the_time_limit_depends_on_the_state_of_the_answer(awaited: Awaited, state: State) -> None:
    with Watch(LAB, Patience(1, 1, 1)) as watch:
        reach(watch, awaited)
        watch.answer_is(state, settles=True)
        expected = AWAITED_NEXT[awaited].get(state, awaited)
        assert watch.awaited is expected
        assert watch.finished is (expected in (Awaited.END, Awaited.QUICK_END))


@pytest.mark.parametrize("state", [State.REASONED, State.CLOSING], ids=lambda state: state.name)
async def test_a_finish_reason_before_any_text_settles_nothing_by_itself(state: State) -> None:
    with Watch(LAB, Patience(1, 1, 1)) as watch:
        watch.answer_is(state, settles=False)
        assert watch.awaited is Awaited.FIRST_TEXT


async def test_text_leads_from_the_first_text_to_more() -> None:
    with Watch(LAB, Patience(1, 1, 1)) as watch:
        watch.heard(text=False)
        assert watch.awaited is Awaited.FIRST_TEXT
        watch.heard(text=True)
        assert watch.awaited is Awaited.MORE_TEXT
