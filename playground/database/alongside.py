"""A task that runs beside a block."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio


@asynccontextmanager
async def alongside(task: Callable[..., Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs `task` for as long as the block runs; the block begins when `task` calls `task_status.started()`.

    What the block raises comes out as it is, and so does what `task` raises before it has started. A task group alone would put it
    into an exception group, and nobody's `except` would know it.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        try:
            await group.start(task)
            yield
        except Exception as error:  # noqa: BLE001  (raised again below)
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
