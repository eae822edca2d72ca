"""Sessions of any size: read part by part, continued with what a model can take."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison import history, planning, repository
from playground.comparison import stored_sessions as stored
from playground.kit.ids import new_id, new_run_id
from playground.serving.server import RunningService

from ..support.client import User
from ..support.scripted import Exchange, ScriptedProvider

Seed = Callable[..., str]

_SEED = """
WITH made_session AS (
  INSERT INTO sessions (id, user_id, title, created_at, updated_at) VALUES ($1, $2, 'Large', now(), now())),
made_lanes AS (
  INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated, head_id)
  SELECT $1 || lane, $1, lane, lane, 'sim', 'sim/quick', '{}', true, $1 || 'a' || $3::int || '_' || lane
  FROM generate_series(0, $4::int - 1) AS lane),
made_turns AS (
  INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, created_at, finished_at)
  SELECT $1 || 't' || turn, $1, turn, 'Prompt ' || turn, $6 || turn, $2, now(), now() FROM generate_series(1, $3::int) AS turn),
made_runs AS (
  INSERT INTO runs (id, session_id, turn_id, user_id, finished_at)
  SELECT $6 || turn, $1, $1 || 't' || turn, $2, now() FROM generate_series(1, $3::int) AS turn)
INSERT INTO answers (
  id, turn_id, lane_id, run_id, previous_id, provider, model, simulated, status, text, input_tokens, output_tokens, cost, finished_at)
SELECT $1 || 'a' || turn || '_' || lane, $1 || 't' || turn, $1 || lane, $6 || turn,
       CASE WHEN turn > 1 THEN $1 || 'a' || turn - 1 || '_' || lane END, 'sim', 'sim/quick', true, 'completed',
       turn || ':' || lane || ' ' || repeat('é', $5::int), 1, 2, 0.5, now()
FROM generate_series(1, $3::int) AS turn, generate_series(0, $4::int - 1) AS lane
"""


@pytest.fixture
def seed(portal: BlockingPortal, service: RunningService, user: User) -> Seed:
    """Puts a session of so many turns and lanes into the database, with answers of so many letters; its id."""

    def put(turns: int, lanes: int, letters: int) -> str:
        session_id = new_id()
        parameters = (session_id, user.account["id"], turns, lanes, letters, new_run_id())
        portal.call(service.database.run, lambda prisma: prisma.execute_raw(_SEED, *parameters))
        return session_id

    return put


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of each text that came from the database at one go."""
    lengths: list[int] = []
    decoded = stored.decoded

    def noted(text: str | None, kind: Any) -> Any:
        lengths.append(len(text or ""))
        return decoded(text, kind)

    monkeypatch.setattr(repository, "decoded", noted)
    return lengths


async def test_a_session_is_read_completely_in_many_small_reads(user: User, seed: Seed, reads: list[int]) -> None:
    session_id = seed(12, 2, 500_000)

    session = await user.session(session_id)

    assert [turn["prompt"] for turn in session["turns"]] == [f"Prompt {turn}" for turn in range(1, 13)]
    for number, turn in enumerate(session["turns"], 1):
        assert [answer["lane"] for answer in turn["answers"]] == [0, 1]
        assert [answer["text"] for answer in turn["answers"]] == [f"{number}:{lane} " + "é" * 500_000 for lane in (0, 1)]
    assert len(reads) > 12
    assert max(reads) < 2 * stored.PART_BYTES


@pytest.mark.parametrize("part", [1, 300, 2_000])
async def test_the_session_is_the_same_wherever_a_part_ends(user: User, seed: Seed, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    first, second = seed(5, 3, 40), seed(1, 1, 4)
    whole = await user.session(first)
    monkeypatch.setattr(stored, "PART_BYTES", part)

    assert await user.session(first) == whole
    assert [len(turn["answers"]) for turn in whole["turns"]] == [3] * 5
    exported = (await user.http.get("/playground/sessions/export")).json()
    assert exported == [await user.session(second), whole]


async def test_a_session_without_answers_is_read_and_exported_in_its_place(user: User, seed: Seed) -> None:
    ids = [seed(turns, 1, 1) for turns in (0, 1, 0, 0, 2, 0)]

    exported = (await user.http.get("/playground/sessions/export")).json()

    assert [(session["id"], len(session["turns"])) for session in exported] == list(zip(ids, (0, 1, 0, 0, 2, 0), strict=True))[::-1]
    assert (await user.session(ids[0]))["turns"] == []


async def test_a_page_with_answers_is_shorter_where_there_are_many(user: User, seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_FIGURES", 5)
    ids = [seed(turns, 1, 1) for turns in (2, 2, 9, 1)]

    seen: list[tuple[str, int]] = []
    sizes, cursor = [], None
    while True:
        query = {"include": "answers"} | ({"cursor": cursor} if cursor else {})
        page = (await user.http.get("/playground/sessions", params=query)).json()
        seen += [(item["id"], len(item["answers"])) for item in page["items"]]
        sizes.append(len(page["items"]))
        cursor = page["nextCursor"]
        if cursor is None:
            break

    assert seen == list(zip(ids, (2, 2, 5, 1), strict=True))[::-1]
    assert sizes == [1, 1, 2]
    # What was added up is of all answers.
    [large] = [item for item in (await user.http.get("/playground/sessions")).json()["items"] if item["id"] == ids[2]]
    assert (large["turns"], large["totalTokens"], large["simulatedCost"]) == (9, 27, "4.5")


async def test_the_next_turn_uses_the_newest_part_of_a_long_conversation(
    user: User, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[list[str]] = []

    async def answers(exchange: Exchange) -> None:
        sent.append([message["content"] for message in exchange.body["messages"]])
        await exchange.begin()
        await exchange.write("A" * 100)
        await exchange.end(1, 1)

    model = scripted.model(answers)
    session_id = (await user.compare("First", [model]))[0].data["sessionId"]
    for prompt in ("Second", "Third"):
        await user.http.post("/playground/stream", json={"prompt": prompt, "sessionId": session_id})
    monkeypatch.setattr(planning, "EARLIER_BYTES", 250)

    await user.http.post("/playground/stream", json={"prompt": "Fourth", "sessionId": session_id})

    assert sent[2] == ["First", "A" * 100, "Second", "A" * 100, "Third"]
    assert sent[3] == ["Second", "A" * 100, "Third", "A" * 100, "Fourth"]
