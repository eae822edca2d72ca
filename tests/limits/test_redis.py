"""Windows that two services share through a real Redis, which goes away and comes back."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import anyio
import pytest
from anyio.from_thread import BlockingPortal
from redis.asyncio import Redis
from structlog.testing import capture_logs

from playground.limits.shared_windows import SharedWindows
from playground.limits.windows import Rate
from playground.settings import Settings

from ..support.client import User
from ..support.process import until
from ..support.redis import RedisServer, running_redis
from .conftest import Limited, all_at_once, limited_service, reported_limits, statuses, usage_of


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def services(portal: BlockingPortal, limited: Limited, limited_settings: Settings, redis: RedisServer) -> Iterator[list[Limited]]:
    """Two, on the database of `limited`."""
    settings = Settings(**{**limited_settings.model_dump(exclude_unset=True), "redis_url": redis.url, "_env_file": None})
    with ExitStack() as stack:
        yield [stack.enter_context(limited_service(portal, settings)) for _ in range(2)]


async def left(user: User, service: Limited) -> int:
    answer = await user.http.get(f"{service.url}/")
    assert answer.status_code == 200
    return reported_limits(answer)["user-requests"][2]


async def test_two_hundred_simultaneous_requests_to_two_services_with_fifty_left_allow_exactly_fifty(services: list[Limited]) -> None:
    async with services[0].user(requests="50 per 15 minutes") as user:
        answers = await all_at_once([lambda service=service: user.http.get(f"{service.url}/") for service in services * 100])
    assert statuses(answers) == {200: 50, 429: 150}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["limit"], refused.json()["used"]) == ("user-requests", 50)
    assert 0 < int(refused.headers["retry-after"]) <= 900


async def test_streams_of_two_services_count_together(services: list[Limited]) -> None:
    body = {"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 5}
    async with services[0].user(streams="3 per hour") as user:
        answers = await all_at_once(
            [lambda service=service: user.http.post(f"{service.url}/playground/stream", json=body) for service in services * 4]
        )
        usage = await usage_of(user)
    assert statuses(answers) == {200: 3, 429: 5}
    assert (usage["streams"]["used"], usage["dailyRequests"]["used"]) == (3, 3)


async def test_a_request_that_is_taken_back_allows_another(redis: RedisServer) -> None:
    rate = Rate("test", 2, 900)
    async with Redis.from_url(redis.url) as client, anyio.create_task_group() as tasks:
        windows = SharedWindows(client)
        tasks.start_soon(windows.run_forever)
        await windows.take_back(rate, "a")
        assert [(await windows.hit(rate, "a")).allowed for _ in range(3)] == [True, True, False]
        await windows.take_back(rate, "a")
        assert (await windows.look(rate, "a")).used == 1
        assert [(await windows.hit(rate, "a")).allowed for _ in range(2)] == [True, False]
        tasks.cancel_scope.cancel()


async def test_without_redis_no_request_fails_and_each_service_counts_for_itself(services: list[Limited], redis: RedisServer) -> None:
    async with services[0].user() as user:
        assert [await left(user, service) for service in services] == [999, 998]
        with capture_logs() as logs:
            redis.stop()
            assert [await left(user, service) for service in services * 2] == [999, 999, 998, 998]
        assert [line["event"] for line in logs].count("limits_counted_apart") == len(services)
        redis.start()

        async def together() -> bool:
            first, second = [await left(user, service) for service in services]
            return second == first - 1

        await until(together)


async def test_an_unresponsive_redis_delays_only_running_requests(services: list[Limited], redis: RedisServer) -> None:
    async with services[0].user() as user:
        with redis.held_up():
            await left(user, services[0])
            began = time.monotonic()
            for _ in range(20):
                await left(user, services[0])
            assert time.monotonic() - began < 10, "each of them waited"
