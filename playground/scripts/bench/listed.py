"""Looks up in the service's list of models whether models that never began to answer are simulated."""

from collections.abc import Iterable

import anyio

from playground.scripts.api import Service
from playground.scripts.problems import ServiceError

_TIMEOUT_SECONDS = 5.0
"""The longest wait for what is only a label."""


async def listed_as_simulated(service: Service, models: Iterable[str]) -> set[str]:
    """Return those of `models` (full or bare names) that are known to be simulated."""
    found = set()
    with anyio.move_on_after(_TIMEOUT_SECONDS):
        for name in models:
            try:
                page = await service.get("/models", {"q": name})
                # A bare name means the first model in the list with this name.
                if next((item["simulated"] for item in page["items"] if name in (item["id"], item["name"])), False):
                    found.add(name)
            except (ServiceError, KeyError, TypeError):
                continue  # An API key may lack the scope `models:read`, and a missing label is no error.
    return found
