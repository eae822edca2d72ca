"""The state of the responding process, and of everything it depends on."""

import platform
import resource
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

import anyio

from playground import __version__
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.service import provider_item
from playground.comparison.running.runs import Runs
from playground.database.client import Database
from playground.database.prisma_internals import CLIENT_VERSION
from playground.kit.announcements import Announcements
from playground.settings import Settings

from .repository import SystemRepository
from .schemas import DatabaseState, EngineState, ProcessState, RedisState, SystemState

_LIBRARIES = (
    "fastapi",
    "uvicorn",
    "sse-starlette",
    "pydantic",
    "openai",
    "aiohttp",
    "anyio",
    "redis",
    "tiktoken",
    "genai-prices",
)
_LAG_SAMPLES = 3
_LAG_SAMPLE_SECONDS = 0.01


class SystemService:
    """Describes this process."""

    def __init__(
        self, settings: Settings, database: Database, announcements: Announcements, runs: Runs, catalogue: Catalogue, models: ModelAccess
    ) -> None:
        self._settings = settings
        self._database = database
        self._repository = SystemRepository(database)
        self._announcements = announcements
        self._runs = runs
        self._catalogue = catalogue
        self._models = models
        self._started, self._started_at = time.monotonic(), datetime.now(UTC)

    async def state(self) -> SystemState:
        """Return the current state. Takes about 30 ms, and two seconds while the database is unavailable."""
        about = await self._repository.about()
        view = await self._models.view("admin")
        return SystemState(
            version=__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            libraries={name: metadata.version(name) for name in _LIBRARIES} | {"prisma": CLIENT_VERSION},
            process=await self._process(),
            database=DatabaseState(
                state="away" if about is None else "ok",
                embedded=self._settings.database_url is None,
                version=about.version if about else None,
                size=about.size if about else None,
            ),
            engine=EngineState(state="running" if self._database.engine_running else "restarting", restarts=self._database.engine_restarts),
            redis=RedisState(state=self._redis_state()),
            catalogue=[provider_item(known, view) for known in self._catalogue.lists],
            simulator=self._settings.simulator,
        )

    async def _process(self) -> ProcessState:
        return ProcessState(
            started_at=self._started_at,
            uptime=round((time.monotonic() - self._started) * 1000, 1),
            memory=_memory(),
            event_loop_lag=round(await _event_loop_lag() * 1000, 3),
            open_runs=len(self._runs.open()),
            streams=self._runs.readers(),
        )

    def _redis_state(self) -> Literal["ok", "away", "none"]:
        if self._settings.redis_url is None:
            return "none"
        return "ok" if self._announcements.connected else "away"


async def _event_loop_lag() -> float:
    """Measure the delay of the event loop in seconds."""
    worst = 0.0
    for _ in range(_LAG_SAMPLES):
        due = time.perf_counter() + _LAG_SAMPLE_SECONDS
        await anyio.sleep(_LAG_SAMPLE_SECONDS)
        worst = max(worst, time.perf_counter() - due)
    return worst


def _memory() -> int | None:
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    return None
