"""Waits for the end of a run, for a reader who wants all answers at once."""

import anyio
import msgspec
from starlette.types import Receive

from .subscription import Subscription

_FIRST_EVENT_BYTES = 1


class _Session(msgspec.Struct, rename="camel"):
    session_id: str


async def ended(subscription: Subscription, receive: Receive) -> bool:
    """Wait until the run is over; False when the client left before. While it waits, the run has a reader."""
    over = anyio.Event()

    def look(*, urgent: bool) -> None:  # noqa: ARG001 - the listener's shape
        if subscription.log.closed:
            over.set()

    async def watch(scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    subscription.log.add_listener(look)
    try:
        look(urgent=False)
        with subscription.counted():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watch, tasks.cancel_scope)
                await over.wait()
                tasks.cancel_scope.cancel()
    finally:
        subscription.log.remove_listener(look)
    return over.is_set()


def session_of(subscription: Subscription) -> str:
    """Return the id of the session that a run belongs to, from its first event."""
    message, _, _ = subscription.log.read(0, _FIRST_EVENT_BYTES)
    return msgspec.json.decode(message.partition(b"data: ")[2].strip(), type=_Session).session_id
