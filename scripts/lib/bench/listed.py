"""What the service's list of models says of those that never began to answer: whether they are simulated."""

from collections.abc import Iterable

import anyio

from lib.api import Service
from lib.problems import ServiceError

_TIMEOUT_SECONDS = 5.0
"""A label is worth no longer wait."""


async def listed_as_simulated(service: Service, models: Iterable[str]) -> set[str]:
    """Those of `models`, full names or bare ones, that are simulated; without those of which the list can't be had."""
    found = set()
    with anyio.move_on_after(_TIMEOUT_SECONDS):
        for name in models:
            try:
                page = await service.get("/models", {"q": name})
                # A bare name means the first of the list that has it.
                if next((item["simulated"] for item in page["items"] if name in (item["id"], item["name"])), False):
                    found.add(name)
            except (ServiceError, KeyError, TypeError):
                continue  # An API key may lack the scope `models:read`, and a label is worth no error.
    return found
