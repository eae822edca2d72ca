"""`/health/live` and `/health/ready`, for supervisors; `/status`, for people."""

import httpx

from playground.comparison.running.runs import Runs
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.folders import NewDataDir


async def test_a_service_that_works_is_alive_and_ready(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        assert (await http.get("/health/live")).json() == {"status": "ok"}
        assert (await http.get("/health/ready")).json() == {"status": "ready", "database": "ok", "stopping": False}


async def test_a_service_that_is_stopping_is_alive_and_not_ready(settings: Settings, new_data_dir: NewDataDir) -> None:
    async with (
        running(settings.model_copy(update={"data_dir": new_data_dir()})) as service,
        httpx.AsyncClient(base_url=service.url) as http,
    ):
        await service.services.get(Runs).drain(0)
        response = await http.get("/health/ready")
        assert (response.status_code, response.json()) == (503, {"status": "not_ready", "database": "ok", "stopping": True})
        assert (await http.get("/health/live")).status_code == 200
        assert "Something does not work" in (await http.get("/status")).text
