"""What `/metrics` says, as Prometheus reads it."""

from collections.abc import Mapping

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def read_samples(text: str, media_type: str) -> Samples:
    """All samples, by their names and labels."""
    parse = parse_openmetrics if media_type.startswith("application/openmetrics-text") else parse_text
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in parse(text) for sample in family.samples}


class Scraper:
    """Reads `/metrics` of one service."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._before: Samples = {}

    async def samples(self) -> Samples:
        response = await self._http.get("/metrics")
        assert response.status_code == 200, response.text
        return read_samples(response.text, response.headers["content-type"])

    async def start(self) -> None:
        """Remember how everything is now."""
        self._before = await self.samples()

    async def value(self, name: str, **labels: str) -> float:
        """What a sample is now; 0 when it is not there."""
        return (await self.samples()).get((name, frozenset(labels.items())), 0.0)

    async def growth(self, name: str, **labels: str) -> float:
        """By how much a sample has grown since `start`."""
        return await self.value(name, **labels) - self._before.get((name, frozenset(labels.items())), 0.0)
