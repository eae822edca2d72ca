"""The state of a process of the service on the wire."""

from typing import Literal

from pydantic import Field

from playground.catalogue.schemas import ProviderItem
from playground.kit.wire import Moment, WireModel


class ProcessState(WireModel):
    """The responding process. Each replica is a separate process."""

    started_at: Moment
    uptime: float = Field(description="In ms.")
    memory: int | None = Field(description="Resident memory in bytes, without the query engine and the embedded PostgreSQL. Null: unknown.")
    event_loop_lag: float = Field(description="Delay of the event loop in ms: the worst of a few measurements made for this request.")
    open_runs: int
    streams: int = Field(description="Event streams with a reader.")


class DatabaseState(WireModel):
    """PostgreSQL."""

    state: Literal["ok", "away"]
    embedded: bool = Field(description="The service started it in its data folder.")
    version: str | None = Field(examples=["18.0"])
    size: int | None = Field(description="In bytes.")


class EngineState(WireModel):
    """Prisma's query engine, a separate process."""

    state: Literal["running", "restarting"]
    restarts: int = Field(description="Restarts since this process started.")


class RedisState(WireModel):
    """Redis, through which replicas share state. `none`: not configured; this process should be the only one."""

    state: Literal["ok", "away", "none"]


class SystemState(WireModel):
    """The state of this process and of everything it depends on."""

    version: str
    python: str
    platform: str
    libraries: dict[str, str] = Field(description="The main libraries, with their versions.", examples=[{"fastapi": "0.160.0"}])
    process: ProcessState
    database: DatabaseState
    engine: EngineState
    redis: RedisState
    catalogue: list[ProviderItem]
    simulator: bool
