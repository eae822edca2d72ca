"""What is on the disk, and not only in the page cache, when an answer is said to be safe."""

import pytest

from playground.comparison.recording.journal import RunJournal
from playground.comparison.running.runs import Runs
from playground.kit.errors import Unavailable
from playground.serving.server import RunningService

from ..support.client import User, of_type
from ..support.process import recorded_answer
from ..support.scripted import Exchange, ScriptedProvider


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("precious")
    await exchange.end(3, 4)


@pytest.fixture
def synced(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What each file held that was brought to the disk, and whether the last event was out by then."""
    found: list[tuple[str, bool]] = []
    sync = RunJournal.sync

    def noted(journal: RunJournal) -> None:
        sync(journal)
        run = service.services.get(Runs).get(journal.path.stem)
        assert run is not None
        found.append((journal.path.read_text(encoding="utf-8"), run.log.closed))

    monkeypatch.setattr(RunJournal, "sync", noted)
    return found


async def test_an_answer_that_the_database_refuses_is_on_disk_before_done(
    service: RunningService, user: User, scripted: ScriptedProvider, synced: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_arguments: object) -> None:
        raise Unavailable("The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(service.services.get(Runs)._recorder._store, "close_turn", away)
        events = await user.compare("Hi", [scripted.model(answers)])

    assert of_type(events, "done")
    text, was_over = synced[0]
    assert '"text":"precious"' in text
    assert '"type":"answered"' in text
    assert not was_over
    assert (await recorded_answer(user, events[0].data["sessionId"]))["text"] == "precious"


async def test_an_answer_that_the_database_accepts_does_not_wait_for_the_disk(
    user: User, scripted: ScriptedProvider, synced: list[tuple[str, bool]]
) -> None:
    await user.compare("Hi", [scripted.model(answers)])

    assert synced == []
