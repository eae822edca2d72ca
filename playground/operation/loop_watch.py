"""Measures how late the event loop is: a late loop has too much to do, and delays every stream."""

import time

import anyio

from .metrics import Metrics

_LOOK_SECONDS = 1.0


async def watch_loop(metrics: Metrics) -> None:
    """Measure once a second while the service runs."""
    while True:
        due = time.monotonic() + _LOOK_SECONDS
        await anyio.sleep(_LOOK_SECONDS)
        metrics.loop_looked(max(0.0, time.monotonic() - due))
