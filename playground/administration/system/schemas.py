"""The state of a process of the service on the wire."""

from typing import Literal

from pydantic import Field

from playground.catalogue.schemas import ProviderItem
from playground.kit.wire import Moment, WireModel


class ProcessState(WireModel):
    """The process that answers; each replica is one of its own."""

    started_at: Moment
    uptime: float = Field(description="In ms.")
    memory: int | None = Field(description="Resident, in bytes, without the query engine and an embedded PostgreSQL. Null: not known.")
    event_loop_lag: float = Field(description="How late the event loop comes to what is due, in ms: the worst of a few looks just now.")
    open_runs: int
    streams: int = Field(description="Event streams that are being read.")


class DatabaseState(WireModel):
    """PostgreSQL."""

    state: Literal["ok", "away"]
    embedded: bool = Field(description="The service started it, in its data folder.")
    version: str | None = Field(examples=["18.0"])
    size: int | None = Field(description="In bytes.")


class EngineState(WireModel):
    """Prisma's query engine, a process of its own."""

    state: Literal["running", "restarting"]
    restarts: int = Field(description="Since this process started.")


class RedisState(WireModel):
    """What replicas know of each other through. `none`: this process is meant to be the only one."""

    state: Literal["ok", "away", "none"]


class SystemState(WireModel):
    """How this process and what it stands on are."""

    version: str
    python: str
    platform: str
    libraries: dict[str, str] = Field(description="The main ones, with their versions.", examples=[{"fastapi": "0.160.0"}])
    process: ProcessState
    database: DatabaseState
    engine: EngineState
    redis: RedisState
    catalogue: list[ProviderItem]
    simulator: bool
