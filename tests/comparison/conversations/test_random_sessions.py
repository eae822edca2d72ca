"""Random sessions against a simple model of them: whatever was done before, each request has exactly the expected messages."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ...support.client import User
from ...support.scripted import ScriptedProvider
from .conftest import Chat

_LANES = 2
_OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask_one", "switch", "regenerate", "edit", "choose", "winner", "delete_answer", "delete_turn", "fork"]),
        st.integers(0, 2**16),
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Given:
    """An answer as the model of the test knows it."""

    prompt: str
    text: str
    lane: int
    turn: str
    previous: "Given | None"
    deleted: bool = False

    def conversation(self) -> list[str]:
        """Prompts and texts, from the start to this answer."""
        before = self.previous.conversation() if self.previous else []
        return before if self.deleted else [*before, self.prompt, self.text]


@dataclass
class Expected:
    """A session as it should be."""

    heads: list[Given | None]
    models: list[str]
    answers: dict[str, Given] = field(default_factory=dict)
    """By id."""

    def before(self, lane: int) -> list[str]:
        """What is sent before the next prompt of a lane."""
        head = self.heads[lane]
        return head.conversation() if head else []


class Play:
    """Does something to a session and to the model of it."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.expected = Expected([None] * _LANES, [chat.first, chat.second])
        self._prompts = 0

    async def begin(self) -> None:
        await self._note(await self.chat.begin(self._prompt()), self.expected.heads[:])

    async def do(self, operation: str, number: int) -> None:
        await getattr(self, f"_{operation}")(number)

    async def _ask(self, _number: int) -> None:
        await self._next(list(range(_LANES)))

    async def _ask_one(self, number: int) -> None:
        await self._next([number % _LANES])

    async def _switch(self, number: int) -> None:
        lane = number % _LANES
        self.expected.models[lane] = [self.chat.first, self.chat.second][number // 2 % 2]
        await self._next([lane], lanes=[{"lane": lane, "model": self.expected.models[lane]}])

    async def _regenerate(self, number: int) -> None:
        lane = number % _LANES
        own = [(id_, answer) for id_, answer in self._alive() if answer.lane == lane]
        if not own:
            return
        answer_id, answer = own[number % len(own)]
        before = answer.previous.conversation() if answer.previous else []
        events = await self.chat.regenerate(lane, answerId=answer_id, model=self.chat.first)
        assert self._contents(self.chat.first) == [*before, answer.prompt]
        await self._note(events, [answer.previous] * _LANES)

    async def _edit(self, number: int) -> None:
        turns = sorted({answer.turn for _, answer in self._alive()})
        if not turns:
            return
        turn = turns[number % len(turns)]
        # The lanes that took part, also those whose answer was deleted since.
        olds = {answer.lane: answer for answer in self.expected.answers.values() if answer.turn == turn}
        previous = [olds[lane].previous if lane in olds else None for lane in range(_LANES)]
        await self._next(sorted(olds), previous, replaces=turn)

    async def _choose(self, number: int) -> None:
        lane, alive = number % _LANES, self._alive()
        answer_id, answer = alive[number % len(alive)] if alive else (None, None)
        await self.chat.call("PUT", f"/lanes/{lane}/head", json={"answerId": answer_id})
        self.expected.heads[lane] = answer

    async def _winner(self, number: int) -> None:
        alive = self._alive()
        if alive:
            answer_id, answer = alive[number % len(alive)]
            await self.chat.call("PUT", "/head", json={"answerId": answer_id})
            self.expected.heads = [answer] * _LANES

    async def _delete_answer(self, number: int) -> None:
        alive = self._alive()
        if alive:
            answer_id, answer = alive[number % len(alive)]
            await self.chat.call("DELETE", f"/answers/{answer_id}", 204)
            answer.deleted = True

    async def _delete_turn(self, number: int) -> None:
        alive = self._alive()
        if alive:
            turn = alive[number % len(alive)][1].turn
            await self.chat.call("DELETE", f"/turns/{turn}", 204)
            for answer in self.expected.answers.values():
                answer.deleted |= answer.turn == turn

    async def _fork(self, number: int) -> None:
        alive = self._alive()
        if not alive:
            return
        answer_id, answer = alive[number % len(alive)]
        source, self.chat.id = self.chat.id, (await self.chat.call("POST", "/fork", 201, json={"answerId": answer_id}))["id"]
        prompt = self._prompt()
        model = (await self.chat.read())["lanes"][0]["model"]
        await self.chat.ask(prompt)
        assert self._contents(model) == [*answer.conversation(), prompt]
        self.chat.id = source

    async def _next(self, only: list[int], previous: list[Given | None] | None = None, **body: object) -> None:
        before = previous or self.expected.heads[:]
        prompt = self._prompt()
        events = await self.chat.ask(prompt, only=only, **body)
        if len(set(self.expected.models)) == _LANES:
            for lane in only:
                expected = before[lane].conversation() if before[lane] else []  # type: ignore[union-attr]
                assert self._contents(self.expected.models[lane]) == [*expected, prompt]
        await self._note(events, before)

    async def _note(self, events: list[object], before: list[Given | None]) -> None:
        for turn in (await self.chat.read())["turns"]:
            for answer in turn["answers"]:
                if answer["id"] not in self.expected.answers:
                    lane = answer["lane"]
                    new = Given(turn["prompt"], answer["text"], lane, turn["id"], before[lane])
                    self.expected.answers[answer["id"]] = self.expected.heads[lane] = new

    async def check(self) -> None:
        """The conversation of each lane is the expected one."""
        session = await self.chat.read()
        answers = {answer["id"]: (turn, answer) for turn in session["turns"] for answer in turn["answers"]}
        for lane in session["lanes"]:
            texts: list[str] = []
            answer_id = lane["headId"]
            while answer_id is not None:
                turn, answer = answers[answer_id]
                texts = ([] if answer["deleted"] else [turn["prompt"], answer["text"]]) + texts
                answer_id = answer["previousId"]
            assert texts == self.expected.before(lane["lane"])

    def _alive(self) -> list[tuple[str, Given]]:
        return [(id_, answer) for id_, answer in sorted(self.expected.answers.items()) if not answer.deleted]

    def _contents(self, model: str) -> list[str]:
        return [content for _, content in self.chat.sent(model)]

    def _prompt(self) -> str:
        self._prompts += 1
        return f"p{self._prompts}"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(operations=_OPERATIONS)
async def test_every_request_has_the_expected_messages(user: User, scripted: ScriptedProvider, operations: list[tuple[str, int]]):
    play = Play(Chat(user, scripted))
    await play.begin()
    for operation, number in operations:
        await play.do(operation, number)
        await play.check()
