"""Builds the services of this room: the registry of providers, and the client that calls them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playground.settings import Settings

from .adapter import ProviderClient
from .records import Provider
from .registry import Providers
from .simulator.pace import SimulatorSettings
from .simulator.server import running_simulator
from .transport.public_addresses import PublicAddresses


@dataclass(frozen=True, slots=True)
class ProvidersRoom:
    """The services that other rooms use."""

    providers: Providers
    client: ProviderClient
    addresses: PublicAddresses


@asynccontextmanager
async def open_providers(settings: Settings) -> AsyncIterator[ProvidersRoom]:
    """Start the simulator if it is enabled, and open the client. Raises `StartupError`."""
    providers = Providers.load(settings, settings.variable)
    addresses = PublicAddresses()
    client = ProviderClient(
        connect_timeout=settings.connect_timeout_seconds,
        first_token_timeout=settings.first_token_timeout_seconds,
        between_tokens_timeout=settings.between_tokens_timeout_seconds,
        addresses=addresses,
    )
    if not settings.simulator:
        async with client:
            yield ProvidersRoom(providers, client, addresses)
        return
    pace = SimulatorSettings(settings.sim_words_per_second, settings.sim_first_token_ms)
    async with running_simulator(pace) as base_url, client:
        simulator = Provider(id="sim", name="Simulator", base_url=base_url, simulated=True)
        yield ProvidersRoom(providers.with_provider(simulator), client, addresses)
