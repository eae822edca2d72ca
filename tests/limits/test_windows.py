"""Windows in memory, with a clock that only moves when the test moves it."""

import pytest

from playground.limits import windows
from playground.limits.windows import MemoryWindows, Rate, Window


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_request_counts_for_exactly_the_period_of_the_rate(clock: Clock) -> None:
    counted, rate = MemoryWindows(clock), Rate("test", 2, 10)
    assert await counted.hit(rate, "a") == Window(True, 1, 10)
    clock.now += 4
    assert await counted.hit(rate, "a") == Window(True, 2, 6)
    clock.now += 5
    assert await counted.hit(rate, "a") == Window(False, 2, 1)
    clock.now += 1
    assert await counted.hit(rate, "a") == Window(True, 2, 4)
    assert await counted.hit(rate, "a") == Window(False, 2, 4)


async def test_windows_are_separate_by_rate_and_owner(clock: Clock) -> None:
    counted, rate, other = MemoryWindows(clock), Rate("test", 1, 10), Rate("other", 1, 10)
    for each, who in ((rate, "a"), (rate, "b"), (other, "a")):
        assert (await counted.hit(each, who)).allowed
    assert not (await counted.hit(rate, "a")).allowed


async def test_a_request_that_is_taken_back_leaves_the_earlier_ones(clock: Clock) -> None:
    counted, rate = MemoryWindows(clock), Rate("test", 2, 10)
    await counted.take_back(rate, "a")
    await counted.hit(rate, "a")
    clock.now += 4
    await counted.hit(rate, "a")
    await counted.take_back(rate, "a")
    assert await counted.look(rate, "a") == Window(True, 1, 6)


async def test_looking_counts_nothing(clock: Clock) -> None:
    counted, rate = MemoryWindows(clock), Rate("test", 1, 10)
    assert await counted.look(rate, "a") == Window(True, 0, 0)
    await counted.hit(rate, "a")
    clock.now += 3
    assert await counted.look(rate, "a") == Window(False, 1, 7)
    clock.now += 7
    assert await counted.look(rate, "a") == Window(True, 0, 0)


async def test_a_lowered_limit_allows_requests_when_enough_have_left(clock: Clock) -> None:
    counted = MemoryWindows(clock)
    for _ in range(4):
        await counted.hit(Rate("test", 4, 10), "a")
        clock.now += 1
    assert await counted.hit(Rate("test", 2, 10), "a") == Window(False, 4, 8)


async def test_a_limit_of_zero_refuses_everything(clock: Clock) -> None:
    counted, rate = MemoryWindows(clock), Rate("test", 0, 10)
    assert await counted.hit(rate, "a") == Window(False, 0, 10)
    assert await counted.look(rate, "b") == Window(False, 0, 0)


async def test_empty_windows_are_removed_and_their_number_is_limited(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_MOST_KEYS", 5)
    counted, rate = MemoryWindows(clock), Rate("test", 1, 10)
    for number in range(20):
        await counted.hit(rate, str(number))
    assert len(counted._by_key) == 5
    clock.now += 10
    for number in range(5):
        await counted.hit(rate, f"later {number % 2}")
    assert set(counted._by_key) == {"test:later 0", "test:later 1"}


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [("100 per 15 minutes", 100, 900), ("50 per hour", 50, 3_600), ("1/second", 1, 1), ("0 per day", 0, 86_400)],
)
def test_rates_are_read(text: str, amount: int, seconds: int) -> None:
    assert Rate.parse("test", text) == Rate("test", amount, seconds)


def test_without_a_rate_there_is_no_limit() -> None:
    assert Rate.parse("test", None) is None
