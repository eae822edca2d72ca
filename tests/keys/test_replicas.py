"""Two services on one database and one Redis: what is revoked at one holds at the other, and at once."""

import anyio
from anyio.from_thread import BlockingPortal
from redis.asyncio import Redis

from playground.serving.server import RunningService, running

from ..support.client import User, new_user
from ..support.process import until
from ..support.redis_server import RedisServer
from .conftest import make_key, status_with


async def hear_each_other(replicas: list[RunningService], *, connected: bool = True) -> None:
    async def reached() -> bool:
        return all(replica.announcements.connected is connected for replica in replicas)

    await until(reached)


async def revoke(user: User, made: dict[str, str]) -> None:
    assert (await user.http.delete(f"/users/me/api-keys/{made['id']}")).status_code == 204


async def refused_at(user: User, key: str, replica: RunningService) -> bool:
    async def refused() -> bool:
        return await status_with(user, key, replica.url) == 401

    # Long before it would ask the database again by itself.
    with anyio.fail_after(20):
        return await until(refused)


async def test_a_key_revoked_at_one_replica_is_refused_at_the_other(replicas: list[RunningService]) -> None:
    first, second = replicas
    await hear_each_other(replicas)
    async with new_user(first.url) as user:
        made, other = await make_key(user), await make_key(user)
        for replica in replicas:
            assert await status_with(user, made["key"], replica.url) == 200
        await revoke(user, made)
        assert await status_with(user, made["key"], first.url) == 401
        # The other hears of it within milliseconds.
        assert await refused_at(user, made["key"], second)
        for replica in replicas:
            assert await status_with(user, other["key"], replica.url) == 200


async def test_a_replica_without_redis_accepts_no_revoked_key(replicas: list[RunningService], redis: RedisServer) -> None:
    first, second = replicas
    await hear_each_other(replicas)
    async with new_user(first.url) as user:
        made, other = await make_key(user), await make_key(user)
        assert await status_with(user, made["key"], second.url) == 200
        redis.kill()
        await hear_each_other(replicas, connected=False)
        await revoke(user, made)
        for replica in replicas:
            assert await status_with(user, made["key"], replica.url) == 401
            assert await status_with(user, other["key"], replica.url) == 200
        # And not when it is back either, with announcements that nobody heard.
        redis.start()
        await hear_each_other(replicas)
        for replica in replicas:
            assert await status_with(user, made["key"], replica.url) == 401
            assert await status_with(user, other["key"], replica.url) == 200


async def test_unexpected_messages_on_the_channel_do_no_harm(replicas: list[RunningService], redis: RedisServer) -> None:
    first, second = replicas
    await hear_each_other(replicas)
    async with Redis.from_url(redis.url) as other, new_user(first.url) as user:
        made = await make_key(user)
        assert await status_with(user, made["key"], second.url) == 200
        for said in ("", "no JSON", b"\xff", "5", "[1, 2]", '["user"]', '[{}, "id"]', '["unheard-of", "id"]'):
            assert await other.publish("playground:announcements", said) == 2
        await revoke(user, made)
        assert await refused_at(user, made["key"], second)


async def test_a_redis_that_goes_silent_is_noticed(replicas: list[RunningService], redis: RedisServer) -> None:
    first, second = replicas
    await hear_each_other(replicas)
    async with new_user(first.url) as user:
        made = await make_key(user)
        assert await status_with(user, made["key"], second.url) == 200
        redis.hold_up()
        try:
            # No connection breaks: only that nothing comes any more tells.
            await hear_each_other(replicas, connected=False)
            await revoke(user, made)
            assert await status_with(user, made["key"], second.url) == 401
        finally:
            redis.go_on()
        await hear_each_other(replicas)
        assert await status_with(user, made["key"], second.url) == 401


async def test_pending_uses_are_written_at_shutdown(portal: BlockingPortal, replicas: list[RunningService], redis: RedisServer) -> None:
    settings = replicas[0].settings
    async with new_user(replicas[0].url) as user:
        first, last = await make_key(user), await make_key(user)

        async def is_known(made: dict[str, str]) -> bool:
            return bool((await user.http.get(f"/users/me/api-keys/{made['id']}")).json()["lastUsedAt"])

        with portal.wrap_async_context_manager(running(settings)) as ending:
            assert await status_with(user, first["key"], ending.url) == 200
            await until(lambda: is_known(first))
            # It waits now before it writes the next one.
            assert await status_with(user, last["key"], ending.url) == 200
        assert await is_known(last)
