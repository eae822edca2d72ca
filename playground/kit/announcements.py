"""What changed, told to every part and every replica that remembers it."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal, cast

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

Topic = Literal["user", "login", "api_key", "provider_key", "models"]
Listener = Callable[[str | None], None]
"""Takes the id of what changed; `None`: anything may have changed, because announcements may have been missed."""

_CHANNEL = "playground:announcements"
_PAUSE = 0.5
_CHECK_SECONDS = 1.0
"""After this much silence Redis is asked for a sign of life; without one after as long again it counts as away."""

_logger = structlog.get_logger(__name__)


class Announcements:
    """Within one process: who listens is called before `announce` returns."""

    connected = True
    """Whether the announcements of all replicas arrive. While they don't, nothing remembered may be relied on."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Topic, list[Listener]] = defaultdict(list)

    def listen(self, topic: Topic, listener: Listener) -> None:
        """Call `listener` at each announcement under `topic`."""
        self._listeners[topic].append(listener)

    async def announce(self, topic: Topic, subject: str) -> None:
        """Tell that what has the id `subject` changed. Call it after the change is in the database."""
        self._tell(topic, subject)

    def _tell(self, topic: Topic, subject: str | None) -> None:
        for listener in self._listeners[topic]:
            listener(subject)

    async def run_forever(self) -> None:
        """Receive what other processes announce; here there are none."""


class RedisAnnouncements(Announcements):
    """Over all replicas, through Redis. The process that announces is told at once, the others within milliseconds."""

    connected = False

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def announce(self, topic: Topic, subject: str) -> None:
        """As in one process. Without Redis the others hear nothing, but then they don't rely on what they remember either."""
        self._tell(topic, subject)
        try:
            await self._redis.publish(_CHANNEL, json.dumps([topic, subject]))
        except (RedisError, OSError) as error:
            _logger.warning("announcement_lost", topic=topic, reason=str(error))

    async def run_forever(self) -> None:
        """Receive announcements, and come back when Redis was away."""
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
                    self._hear(message)
                elif asked:
                    raise TimeoutError("Redis has gone silent")
                else:
                    # Silence may be a connection that died without a word: an answer to a ping tells.
                    asked = True
                    await channel.ping()

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            for topic in list(self._listeners):
                self._tell(topic, None)
            self.connected = True
        elif message["type"] == "message":
            match _read(message["data"]):
                case [str() as about, str() as subject]:
                    self._tell(cast("Topic", about), subject)
                case _:
                    # Of somebody else, who should not be on this channel. It must not end the service.
                    _logger.warning("announcement_unreadable")


def _read(data: bytes | str) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None
