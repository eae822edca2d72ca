"""Reservations and their settling, statement by statement: repeated, at once, over the end of a month, and after a process was killed."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.plan import AnswerRecord, Bill
from playground.comparison.recording.rows import LaneRow, TurnRow
from playground.comparison.repository import SessionRepository
from playground.database.embedded.cluster import Cluster
from playground.kit.errors import Unavailable
from playground.kit.ids import new_id, new_run_id
from playground.kit.tasks import background_tasks
from playground.limits import reservations as reservations_module
from playground.limits.policy import Limits
from playground.limits.quota_statements import SETTLE
from playground.limits.repository import UsageRepository, Wanted
from playground.limits.reservations import Reservations
from playground.limits.service import LimitService
from playground.settings import Settings

from ..support.client import User
from ..support.folders import temporary_folder
from ..support.process import ServiceProcess, serving, until, until_journal_holds
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Limited, from_address, new_address, usage_of

NOW = datetime.now(UTC)
LIMITS = Limits(None, None, 100, 1_000, 100_000, Decimal(1))


@dataclass
class Books:
    """What stands in the database of one user, and the statements that change it."""

    limited: Limited
    user_id: str

    def __post_init__(self) -> None:
        database = self.limited.service.database
        self.usage = UsageRepository(database)
        self.sessions = SessionRepository(database, closing_also=SETTLE)

    @property
    def portal(self) -> BlockingPortal:
        return self.limited.portal

    def wanted(self, tokens: int = 0, cost: str = "0", at: datetime = NOW) -> Wanted:
        return Wanted(new_run_id(), self.user_id, at, tokens, Decimal(cost))

    def reserve(self, wanted: Wanted, limits: Limits = LIMITS) -> bool:
        return self.portal.call(lambda: self.usage.reserve(wanted, limits, held_seconds=60)) is not None

    def turn(self, wanted: Wanted, *, reserved: bool = True) -> TurnRow:
        """The turn of a run, with a lane that costs money and one that does not."""
        lanes = tuple(
            LaneRow(new_id(), position, "p", "p/m", {}, simulated, new_id(), ()) for position, simulated in enumerate((False, True))
        )
        return TurnRow(wanted.run_id, new_id(), new_id(), 1, self.user_id, "T", "P", wanted.at, True, None, None, lanes, reserved)

    def open(self, turn: TurnRow) -> None:
        self.portal.call(self.sessions.open_turn, turn)

    def close(self, turn: TurnRow, tokens: int = 0, cost: str | None = "0") -> None:
        """Each lane takes `tokens`, half of them for the prompt, and `cost`."""
        bill = Bill(tokens // 2, tokens - tokens // 2, None, None, False, None if cost is None else Decimal(cost), "list")
        answers = [AnswerRecord(lane.answer_id, "completed", "", "", None, None, bill, None, 1, NOW) for lane in turn.lanes]
        self.portal.call(self.sessions.close_turn, turn, answers)

    def row(self) -> tuple[object, ...]:
        """Requests of the day and the month, tokens, US dollars, and the reserved tokens and dollars."""
        [row] = self.limited.query("SELECT * FROM usage WHERE user_id = $1", self.user_id)
        names = ("day_requests", "month_requests", "month_tokens", "month_cost", "reserved_tokens", "reserved_cost")
        return tuple(Decimal(row[name]) for name in names)

    def reservations(self) -> list[str]:
        return [row["run_id"] for row in self.limited.query("SELECT run_id FROM reservations WHERE user_id = $1", self.user_id)]

    def expire(self) -> None:
        """As if the processes of all runs had died a while ago."""
        self.limited.execute("UPDATE reservations SET expires_at = now() - interval '1 second' WHERE user_id = $1", self.user_id)


@pytest.fixture
async def books(limited: Limited) -> AsyncIterator[Books]:
    async with limited.user() as user:
        yield Books(limited, user.account["id"])


async def at_once(books: Books, *operations: object) -> None:
    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            for operation in operations:
                tasks.start_soon(operation)  # type: ignore[arg-type]

    await anyio.to_thread.run_sync(lambda: books.portal.call(run))


async def test_a_reservation_that_is_repeated_counts_once(books: Books) -> None:
    wanted = books.wanted(500, "0.25")
    assert books.reserve(wanted)
    assert books.reserve(wanted)
    assert books.row() == (1, 1, 0, 0, 500, Decimal("0.25"))


async def test_a_reservation_that_is_repeated_while_the_first_is_under_way_counts_once(books: Books) -> None:
    wanted = books.wanted(500, "0.25")

    async def reserve() -> None:
        assert await books.usage.reserve(wanted, LIMITS, held_seconds=60) is not None

    await at_once(books, *[reserve] * 8)
    assert books.row() == (1, 1, 0, 0, 500, Decimal("0.25"))


async def test_a_refusal_changes_nothing(books: Books) -> None:
    assert not books.reserve(books.wanted(100_001))
    assert books.limited.query("SELECT * FROM usage WHERE user_id = $1", books.user_id) == []
    assert books.reserve(books.wanted(60_000))
    assert not books.reserve(books.wanted(40_001))
    assert not books.reserve(books.wanted(1), replace(LIMITS, daily_requests=1))
    assert books.row() == (1, 1, 0, 0, 60_000, 0)
    assert books.reserve(books.wanted(40_000))


async def test_a_run_that_needs_nothing_of_an_exhausted_limit_starts(books: Books) -> None:
    assert books.reserve(books.wanted(100_000, "1"))
    assert not books.reserve(books.wanted(0, "0.01"))
    assert books.reserve(books.wanted())


async def test_closing_a_turn_settles_what_it_reserved_once(books: Books) -> None:
    wanted = books.wanted(500, "0.25")
    turn = books.turn(wanted)
    assert books.reserve(wanted)
    books.open(turn)
    for _ in range(2):
        books.close(turn, 21, "0.001")
        assert books.row() == (1, 1, 42, Decimal("0.001"), 0, 0)
    assert books.reservations() == []


async def test_closing_a_turn_twice_at_once_counts_once(books: Books) -> None:
    wanted = books.wanted(500, "0.25")
    turn = books.turn(wanted)
    assert books.reserve(wanted)
    books.open(turn)
    bill = Bill(1, 2, None, None, False, Decimal("0.5"), "list")
    answers = [AnswerRecord(turn.lanes[0].answer_id, "completed", "", "", None, None, bill, None, 1, NOW)]

    async def close() -> None:
        await books.sessions.close_turn(turn, answers)

    await at_once(books, *[close] * 8)
    assert books.row() == (1, 1, 3, Decimal("0.5"), 0, 0)


async def test_a_turn_that_was_not_reserved_is_counted_when_it_closes(books: Books) -> None:
    turn = books.turn(books.wanted(), reserved=False)
    books.open(turn)
    books.close(turn, 10, None)
    assert books.row() == (1, 1, 20, 0, 0, 0)


async def test_a_turn_whose_session_was_deleted_while_it_ran_is_settled_too(books: Books) -> None:
    wanted = books.wanted(500)
    turn = books.turn(wanted)
    assert books.reserve(wanted)
    books.open(turn)
    books.limited.execute("DELETE FROM sessions WHERE id = $1", turn.session_id)
    for _ in range(2):
        books.close(turn, 10)
        assert books.row() == (1, 1, 20, 0, 0, 0)


async def test_a_turn_that_ends_after_its_month_does_not_count_for_the_next(books: Books) -> None:
    last_month = NOW.replace(day=1) - timedelta(days=1)
    earlier, wanted = books.wanted(500, "0.25", last_month), books.wanted(300)
    turn = books.turn(earlier)
    assert books.reserve(earlier)
    books.open(turn)
    assert books.reserve(wanted)
    # What goes on takes its part of the new month until it ends, and counts for the month in which it began.
    assert books.row() == (1, 1, 0, 0, 800, Decimal("0.25"))
    books.close(turn, 10, "0.001")
    assert books.row() == (1, 1, 0, 0, 300, 0)


async def test_a_turn_that_ends_within_its_month_is_counted_whatever_the_day(books: Books) -> None:
    month_began = NOW.replace(day=1, hour=0, minute=0, second=0)
    wanted = books.wanted(500, at=month_began)
    turn = books.turn(wanted)
    assert books.reserve(wanted)
    books.open(turn)
    assert books.reserve(books.wanted())
    books.close(turn, 10)
    day_requests, *others = books.row()
    assert others == [2, 20, 0, 0, 0]
    assert day_requests == (2 if NOW.day == 1 else 1)


async def test_a_service_whose_clock_is_late_does_not_bring_an_earlier_month_back(books: Books) -> None:
    assert books.reserve(books.wanted(400))
    assert books.reserve(books.wanted(at=NOW - timedelta(days=40)))
    assert books.row() == (2, 2, 0, 0, 400, 0)


async def test_a_clock_that_jumped_ahead_does_not_freeze_the_counts(books: Books) -> None:
    assert books.reserve(books.wanted(400))
    books.limited.execute(
        "UPDATE usage SET day = '2999-01-01', month = '2999-01', day_requests = 50, month_requests = 9000 WHERE user_id = $1", books.user_id
    )

    assert books.reserve(books.wanted(300), replace(LIMITS, daily_requests=50, monthly_requests=9000))

    assert books.row() == (1, 1, 0, 0, 700, 0)
    [row] = books.limited.query("SELECT day FROM usage WHERE user_id = $1", books.user_id)
    assert row["day"] == f"{NOW:%Y-%m-%d}"


async def test_a_turn_that_closes_after_a_clock_jumped_ahead_is_counted_today(books: Books) -> None:
    turn = books.turn(books.wanted(), reserved=False)
    books.open(turn)
    assert books.reserve(books.wanted())
    books.limited.execute("UPDATE usage SET day = '2999-01-01', month = '2999-01', month_tokens = 77 WHERE user_id = $1", books.user_id)

    books.close(turn, 10)

    assert books.row() == (1, 1, 20, 0, 0, 0)


async def test_a_service_whose_clock_is_far_ahead_counts_for_today(books: Books) -> None:
    assert books.reserve(books.wanted(400, at=NOW + timedelta(days=400)))
    assert books.reserve(books.wanted(300))

    assert books.row()[:2] == (2, 2)


async def test_a_released_reservation_counts_as_never_made(books: Books) -> None:
    kept, released = books.wanted(500, "0.25"), books.wanted(300, "0.5")
    assert books.reserve(kept)
    assert books.reserve(released)
    for _ in range(2):
        books.portal.call(books.usage.release, released.run_id)
        assert books.row() == (1, 1, 0, 0, 500, Decimal("0.25"))


async def test_a_process_extends_the_reservations_of_its_runs_and_forgets_settled_ones(books: Books) -> None:
    running, settled = books.wanted(500), books.wanted(300)
    reservations = Reservations(books.usage)
    for wanted in (running, settled):
        assert books.reserve(wanted)
        reservations.hold(wanted.run_id)
    turn = books.turn(settled)
    books.open(turn)
    books.close(turn)
    books.expire()
    books.portal.call(reservations.extend)
    books.portal.call(reservations.sweep)
    assert books.reservations() == [running.run_id]
    assert reservations._held == {running.run_id}


async def test_an_expired_reservation_is_released_once(books: Books) -> None:
    for _ in range(5):
        assert books.reserve(books.wanted(500, "0.05"))
    books.expire()
    await at_once(books, *[Reservations(books.usage).sweep] * 4)
    assert books.row() == (5, 5, 0, 0, 0, 0)
    assert books.reservations() == []


async def test_a_reservation_without_a_response_is_released(limited: Limited, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = limited.service.services.get(LimitService)._backend
    repository, reservations = backend.repository, backend.reservations
    reserve = repository.reserve

    async def answer_lost(*arguments: Any, **options: Any) -> None:
        await reserve(*arguments, **options)
        raise Unavailable("The database does not answer.")

    async with limited.user() as user:
        books = Books(limited, user.account["id"])
        with monkeypatch.context() as patch:
            patch.setattr(repository, "reserve", answer_lost)
            response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/quick"]})
        assert response.status_code == 503
        assert books.row()[0] == 1

        limited.portal.call(reservations.release_withdrawn)

        assert books.row() == (0, 0, 0, 0, 0, 0)
        assert books.reservations() == []


async def test_a_failed_release_is_repeated_until_no_statement_can_arrive_late(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservations_module, "LATE_SECONDS", 0)
    reservations = Reservations(books.usage)
    wanted = books.wanted(500)
    assert books.reserve(wanted)
    reservations.hold(wanted.run_id)

    reservations.withdraw(wanted.run_id)
    books.portal.call(reservations.release_withdrawn)

    assert books.row() == (0, 0, 0, 0, 0, 0)
    assert (reservations._held, reservations._withdrawn) == (set(), {})


async def test_a_service_extends_and_releases_reservations_by_itself(books: Books) -> None:
    held, left = books.wanted(500), books.wanted(300)
    reservations = Reservations(books.usage, beat_seconds=0.02)
    for wanted in (held, left):
        assert books.reserve(wanted)
    reservations.hold(held.run_id)
    books.expire()

    async def given_back() -> bool:
        row = await books.usage.get(books.user_id)
        return row is not None and row.reserved_tokens == 500

    async def keep_until_given_back() -> None:
        async with background_tasks() as tasks:
            tasks.start_soon(reservations.run_forever)
            await until(given_back)

    await at_once(books, keep_until_given_back)
    assert books.reservations() == [held.run_id]


@pytest.fixture
def doomed(limited: Limited, limited_settings: Settings, providers_file: Path) -> Iterator[dict[str, object]]:
    """The environment of a service process on the database of `limited`, with a data folder of its own."""
    with temporary_folder() as folder:
        yield {
            "data_dir": folder,
            "DATABASE_URL": Cluster(limited_settings.data_dir / "postgres").url,
            "JWT_SECRET": limited_settings.signing_secrets()[0],
            "PLAYGROUND_PROVIDERS_FILE": providers_file,
            "TRUSTED_PROXIES": "127.0.0.1",
        }


async def does_not_end(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("half of an answer")
    await exchange.until_client_leaves()


async def test_a_killed_process_keeps_no_reservation_and_its_usage_is_counted_from_the_journal(
    limited: Limited, scripted: ScriptedProvider, doomed: dict[str, object]
) -> None:
    async with limited.user(monthlyTokens=5_000) as user:
        books = Books(limited, user.account["id"])
        with serving(**doomed) as service:  # type: ignore[arg-type]
            await killed_while_it_streams(service, user, scripted.model(does_not_end))
        usage = await usage_of(user)
        assert usage["monthlyTokens"]["reserved"] > 4_096
        books.expire()
        limited.portal.call(Reservations(books.usage).sweep)
        usage = await usage_of(user)
        assert (usage["dailyRequests"]["used"], usage["monthlyTokens"]["used"], usage["monthlyTokens"]["reserved"]) == (1, 0, 0)
        with serving(**doomed):  # type: ignore[arg-type]

            async def counted() -> bool:
                return bool((await usage_of(user))["monthlyTokens"]["used"])

            await until(counted)
        [session] = (await user.http.get("/playground/sessions")).json()["items"]
        usage = await usage_of(user)
    assert usage["monthlyTokens"]["used"] == session["totalTokens"] > 0
    assert (usage["dailyRequests"]["used"], usage["monthlyTokens"]["reserved"]) == (1, 0)


async def killed_while_it_streams(service: ServiceProcess, user: User, model: str) -> None:
    body = {"prompt": "Hi", "models": [model]}
    async with user.http.stream("POST", f"{service.url}/playground/stream", json=body, headers=from_address(new_address())) as response:
        assert response.status_code == 200
        await until_journal_holds(service, "half of an answer")
        service.kill()
