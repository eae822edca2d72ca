"""Tasks that live as long as a block."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup


@asynccontextmanager
async def background_tasks() -> AsyncIterator[TaskGroup]:
    """A task group that is cancelled when the block ends.

    What the block raises comes out as it is: a task group alone would put it into an exception group, and nobody's `except` would know it.
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
    """Runs `task` for as long as the block runs; the block begins when `task` calls `task_status.started()`.

    What the block raises comes out as it is, and so does what `task` raises before it has started.
    """
    async with background_tasks() as tasks:
        await tasks.start(task)
        yield


class Occurrence:
    """Something that happens once. As an `anyio.Event`, which takes a kilobyte, but that it takes none before somebody waits."""

    __slots__ = ("_event", "_happened")

    def __init__(self) -> None:
        self._happened = False
        self._event: anyio.Event | None = None

    def set(self) -> None:
        """It happens now."""
        self._happened = True
        if self._event is not None:
            self._event.set()

    @property
    def happened(self) -> bool:
        """Whether it has."""
        return self._happened

    async def wait(self) -> None:
        """Return when it has happened."""
        if not self._happened:
            if self._event is None:
                self._event = anyio.Event()
            await self._event.wait()
