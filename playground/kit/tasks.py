"""Tasks that run as long as a block."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup


@asynccontextmanager
async def background_tasks() -> AsyncIterator[TaskGroup]:
    """Open a task group that is cancelled when the block ends.

    Exceptions of the block are raised unchanged. A plain task group would wrap them in an exception group, which no `except` matches.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        try:
            yield tasks
        except Exception as error:  # noqa: BLE001 - raised again below
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


@asynccontextmanager
async def alongside(task: Callable[..., Coroutine[Any, Any, object]]) -> AsyncIterator[None]:
    """Run `task` as long as the block runs. The block begins when `task` calls `task_status.started()`.

    Exceptions of the block are raised unchanged, and so are those of `task` before it has started.
    """
    async with background_tasks() as tasks:
        await tasks.start(task)
        yield


class Occurrence:
    """An event that happens once. Like `anyio.Event`, which takes a kilobyte, but takes no memory until something waits for it."""

    __slots__ = ("_event", "_happened")

    def __init__(self) -> None:
        self._happened = False
        self._event: anyio.Event | None = None

    def set(self) -> None:
        """Mark the event as happened, and wake all waiting tasks."""
        self._happened = True
        if self._event is not None:
            self._event.set()

    @property
    def happened(self) -> bool:
        """Return whether the event has happened."""
        return self._happened

    async def wait(self) -> None:
        """Wait until the event has happened."""
        if not self._happened:
            if self._event is None:
                self._event = anyio.Event()
            await self._event.wait()
