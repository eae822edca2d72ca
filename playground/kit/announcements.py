"""Announcements of changes to all parts and all replicas that cache what changed."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal, cast

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

Topic = Literal["user", "login", "api_key", "provider_key", "models", "catalogue"]
Listener = Callable[[str | None], None]
"""Called with the id of what changed; `None`: anything may have changed, because announcements may have been missed."""

_CHANNEL = "playground:announcements"
_PAUSE = 0.5
_CHECK_SECONDS = 1.0
"""After this time without messages, Redis is pinged; without a response after the same time, it counts as unavailable."""

_logger = structlog.get_logger(__name__)


class Announcements:
    """Announcements within one process: listeners are called before `announce` returns."""

    connected = True
    """Whether the announcements of all replicas arrive. While they don't, caches must not be used."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Topic, list[Listener]] = defaultdict(list)

    def listen(self, topic: Topic, listener: Listener) -> None:
        """Call `listener` at each announcement of `topic`."""
        self._listeners[topic].append(listener)

    async def announce(self, topic: Topic, subject: str) -> None:
        """Announce that the object with the id `subject` has changed. Call this after the change is in the database."""
        self._notify(topic, subject)

    def _notify(self, topic: Topic, subject: str | None) -> None:
        for listener in self._listeners[topic]:
            listener(subject)

    async def run_forever(self) -> None:
        """Receive announcements of other processes. Here there are none."""


class RedisAnnouncements(Announcements):
    """Announcements to all replicas, through Redis. The announcing process gets them immediately, the others within milliseconds."""

    connected = False

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def announce(self, topic: Topic, subject: str) -> None:
        """See `Announcements`. Without Redis, other replicas don't get it, but then they don't use their caches either."""
        self._notify(topic, subject)
        try:
            await self._redis.publish(_CHANNEL, json.dumps([topic, subject]))
        except (RedisError, OSError) as error:
            _logger.warning("announcement_lost", topic=topic, reason=str(error))

    async def run_forever(self) -> None:
        """Receive announcements until cancelled, and reconnect after Redis was unavailable."""
        while True:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                if self.connected:
                    _logger.warning("redis_away", reason=str(error))
                self.connected = False
                await anyio.sleep(_PAUSE)

    async def _receive(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(_CHANNEL)
            asked = False
            while True:
                message = await channel.get_message(timeout=_CHECK_SECONDS)
                if message is not None:
                    asked = False
                    self._handle(message)
                elif asked:
                    raise TimeoutError("Redis has gone silent")
                else:
                    # The connection may have died silently: a ping shows whether it has.
                    asked = True
                    await channel.ping()

    def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            for topic in list(self._listeners):
                self._notify(topic, None)
            self.connected = True
        elif message["type"] == "message":
            match _read(message["data"]):
                case [str() as about, str() as subject]:
                    self._notify(cast("Topic", about), subject)
                case _:
                    # From another sender, which should not use this channel. It must not stop the service.
                    _logger.warning("announcement_unreadable")


def _read(data: bytes | str) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None
