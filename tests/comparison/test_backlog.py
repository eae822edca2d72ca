"""What processes that died left in their journals, brought into the database by another."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from playground.accounting.bills import Bills
from playground.accounting.prices import Prices
from playground.accounting.token_counts import TokenCounter
from playground.catalogue.catalogue import Catalogue
from playground.comparison.plan import NOTHING_USED, AnswerRecord
from playground.comparison.recording.backlog import Backlog
from playground.comparison.recording.journal import Journal, answered_line, written_line
from playground.comparison.recording.recovery import Recovery
from playground.comparison.recording.rows import RowsRefused, TurnRow
from playground.comparison.repository import SessionRepository
from playground.comparison.stream.events import json_text
from playground.kit.ids import new_id
from playground.kit.tasks import background_tasks
from playground.providers.registry import Providers
from playground.serving.server import RunningService

from ..support.client import User
from ..support.process import until
from .test_key_taken import turn_of

Storing = Callable[[], AbstractContextManager[None]]
AtTheEnd = Callable[[str, TurnRow], AbstractContextManager[None]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def storing(root: Path, service: RunningService, portal: BlockingPortal) -> Storing:
    """While the block runs, what was left behind is stored as by a service that has just started."""
    bills = Bills(TokenCounter(), service.services.get(Prices), service.services.get(Catalogue).listed)
    recovery = Recovery(Providers.load(service.settings, service.settings.variable), bills)

    @asynccontextmanager
    async def store() -> AsyncIterator[None]:
        journal = Journal.open(root)
        async with background_tasks() as tasks:
            tasks.start_soon(Backlog(SessionRepository(service.database), journal, recovery).run_forever)
            yield
        journal.close()

    return lambda: portal.wrap_async_context_manager(store())


def left(root: Path, turn: TurnRow, text: str | None = None) -> None:
    """What a process leaves that died when each lane had written `text` to its end, or none had begun."""
    journal = Journal.open(root)
    file = journal.begin(turn)
    if text is not None:
        for lane in turn.lanes:
            file.append(written_line(lane.position, reasoning=False, raw_text=json_text(text)))
            file.append(
                answered_line(AnswerRecord(lane.answer_id, "completed", "", "", None, None, NOTHING_USED, None, 1, datetime.now(UTC)))
            )
    file.close()
    journal.close()


def waiting(root: Path) -> dict[str, str]:
    """What the files say that are not stored yet, by run. The oldest folders come first: from them files go to the newest."""
    found = {}
    for folder in sorted(root.iterdir()):
        files: list[Path] = []
        with suppress(FileNotFoundError):
            files += list(folder.glob("*.jsonl"))
        for file in files:
            with suppress(FileNotFoundError):
                found[file.stem] = file.read_text()
    return found


async def empty(root: Path) -> bool:
    return not waiting(root)


@pytest.fixture
def at_the_end(service: RunningService, portal: BlockingPortal) -> AtTheEnd:
    """While the block runs, the database does `statement` when the end of a turn is to be stored."""

    def execute(sql: str) -> None:
        portal.call(service.database.run, lambda prisma: prisma.execute_raw(sql))

    @contextmanager
    def doing(statement: str, turn: TurnRow) -> Iterator[None]:
        execute(f"CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; END $$")
        condition = f"WHEN (NEW.turn_id = '{turn.turn_id}')"
        execute(f"CREATE TRIGGER interfere BEFORE UPDATE ON answers FOR EACH ROW {condition} EXECUTE FUNCTION interfere()")
        try:
            yield
        finally:
            execute("DROP FUNCTION interfere() CASCADE")

    return doing


async def test_a_turn_deleted_while_its_end_is_refused_is_not_restored(user: User, root: Path, storing: Storing, at_the_end: AtTheEnd):
    async def opened() -> bool:
        return any('"stored"' in text for text in waiting(root).values())

    turn = replace(turn_of(user, ""), idempotency_key=None)
    left(root, turn, "A secret.")
    with at_the_end("RAISE EXCEPTION 'no'", turn), storing():
        await until(opened)
        assert (await user.http.delete(f"/playground/sessions/{turn.session_id}")).status_code == 204
    with storing():
        await until(partial(empty, root))
    assert (await user.http.get(f"/playground/sessions/{turn.session_id}")).status_code == 404


@pytest.mark.parametrize("text", [None, "Paid for."])
async def test_a_turn_whose_key_was_used_again_is_kept_without_it_if_anything_was_written(
    user: User, service: RunningService, portal: BlockingPortal, root: Path, storing: Storing, text: str | None
):
    again, first = turn_of(user, "used again"), turn_of(user, "used again")
    portal.call(SessionRepository(service.database).open_turn, again)
    left(root, first, text)
    with storing():
        await until(partial(empty, root))
    kept = await user.http.get(f"/playground/sessions/{first.session_id}")
    if text is None:
        assert kept.status_code == 404
    else:
        [turn] = kept.json()["turns"]
        assert (turn["answers"][0]["status"], turn["answers"][0]["text"]) == ("completed", text)


async def test_an_unreadable_folder_does_not_prevent_others_from_being_stored(user: User, root: Path, storing: Storing):
    turn = turn_of(user, "")
    # A lock that can't be opened, whoever tries.
    locks = [root / name / "lock" for name in ("lost+found", new_id())]
    for lock in locks:
        lock.mkdir(parents=True)
    (root / "another's").mkdir()
    left(root, turn, "After it.")
    with storing():
        await until(partial(empty, root))
    assert (await user.session(turn.session_id))["turns"][0]["answers"][0]["text"] == "After it."
    assert all(lock.is_dir() for lock in locks)
    assert list((root / "another's").iterdir()) == []


async def test_a_turn_that_always_makes_the_database_fail_delays_no_other(user: User, root: Path, storing: Storing, at_the_end: AtTheEnd):
    first, second = (replace(turn_of(user, ""), run_id=run_id, idempotency_key=None) for run_id in ("first", "second"))
    for turn in (first, second):
        left(root, turn, "Paid for.")

    async def second_stored() -> bool:
        return waiting(root).keys() == {"first"}

    with at_the_end("PERFORM pg_terminate_backend(pg_backend_pid())", first), storing():
        await until(second_stored)
    with storing():
        await until(partial(empty, root))
    for turn in (first, second):
        assert (await user.session(turn.session_id))["turns"][0]["answers"][0]["text"] == "Paid for."


async def test_much_text_is_stored_in_parts_and_a_turn_is_over_with_its_last(user: User, service: RunningService, portal: BlockingPortal):
    repository = SessionRepository(service.database)
    turn = turn_of(user, "much text")
    lanes = tuple(replace(turn.lanes[0], lane_id=new_id(), answer_id=new_id(), position=position) for position in range(3))
    turn = replace(turn, lanes=lanes)
    texts = [letter * 3 * 1024 * 1024 for letter in "abc"]
    answers = [
        AnswerRecord(lane.answer_id, "completed", text, "", None, None, NOTHING_USED, None, 1, datetime.now(UTC))
        for lane, text in zip(lanes, texts, strict=True)
    ]
    too_many = replace(answers[-1], bill=replace(NOTHING_USED, input_tokens=2**40))
    portal.call(repository.open_turn, turn)
    with pytest.raises(RowsRefused):
        portal.call(repository.close_turn, turn, [*answers[:-1], too_many])
    [kept] = (await user.session(turn.session_id))["turns"]
    assert kept["finishedAt"] is None
    assert [answer["status"] for answer in kept["answers"]] == ["completed", "completed", "running"]
    portal.call(repository.close_turn, turn, answers)
    [kept] = (await user.session(turn.session_id))["turns"]
    assert kept["finishedAt"] is not None
    assert [answer["text"] for answer in kept["answers"]] == texts
