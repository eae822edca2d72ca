"""A reader of the shared service's metrics."""

from collections.abc import AsyncIterator

import httpx
import pytest

from playground.serving.server import RunningService

from .exposition import Scraper


@pytest.fixture
async def scraper(service: RunningService) -> AsyncIterator[Scraper]:
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        scraper = Scraper(http)
        await scraper.start()
        yield scraper
