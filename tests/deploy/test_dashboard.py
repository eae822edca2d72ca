"""The Grafana dashboard reads metrics that exist, and Prometheus understands and answers all of its queries."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from playground.serving.server import RunningService

from ..operation.exposition import read_samples
from ..support.client import User, next_event
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .dashboard import DASHBOARD, annotation_queries, panel_queries, selected, variable_queries

PROMETHEUS = shutil.which("prometheus")
_ADDED = {"job", "instance"}
"""Labels that Prometheus adds to what it scrapes."""


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("One ", "two")
    await exchange.end(100, 2)


async def refuses(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": "Wrong key."}})


async def is_busy(exchange: Exchange) -> None:
    await exchange.error(503, {"error": {"message": "Busy."}}, "Retry-After: 0\r\n")


async def use_all(user: User, scripted: ScriptedProvider) -> None:
    """Give every metric that the dashboard reads a value."""
    gate = Gate()

    async def writes_for_a_while(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("One ")
        await gate.wait()
        await exchange.write("two")
        await exchange.end(100, 2)

    models = [scripted.model(writes_for_a_while), scripted.model(answers, priced=False), scripted.model(refuses), scripted.model(is_busy)]
    async with user.stream(json={"prompt": "Hi", "models": [*models, "sim/quick"], "maxTokens": 3}) as events:
        # An answer that comes at once has no speed.
        await next_event(events, "chunk", lane=0)
        gate.open()
        await next_event(events, "done")


async def test_every_metric_and_label_of_the_dashboard_exists(service: RunningService, user: User, scripted: ScriptedProvider) -> None:
    await use_all(user, scripted)
    async with httpx.AsyncClient(base_url=service.url) as http:
        response = await http.get("/metrics")
    labels: dict[str, set[str]] = {}
    for name, pairs in read_samples(response.text, response.headers["content-type"]):
        labels.setdefault(name, set()).update(label for label, _ in pairs)
    # Running lanes are there while they run.
    labels.setdefault("playground_lanes_running", set()).update(("provider", "state"))
    queries = [*(query for _, query in panel_queries()), *annotation_queries()]
    read = [each for query in queries for each in selected(query)]
    assert len(read) > 30
    assert {name for name, _ in read} - set(labels) == set()
    assert [(name, unknown) for name, named in read if (unknown := named - labels[name] - _ADDED)] == []
    for query in variable_queries().values():
        assert any(name in query for name in labels), query


def test_panels_have_names_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.fixture
def prometheus(service: RunningService, tmp_path: Path) -> Iterator[str]:
    """A real Prometheus that scrapes the service; its address."""
    if PROMETHEUS is None:
        pytest.skip("there is no Prometheus on the PATH (Debian's package prometheus)")
    target = service.url.removeprefix("http://")
    config = tmp_path / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: playground, static_configs: [{{targets: ['{target}']}}]}}]\n",
        encoding="utf-8",
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address={address}"]
    process = subprocess.Popen([PROMETHEUS, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
async def test_prometheus_answers_every_query_with_data(prometheus: str, user: User, scripted: ScriptedProvider) -> None:
    async with httpx.AsyncClient(base_url=prometheus, timeout=30) as http:

        async def query(expression: str) -> list[Any]:
            response = await http.get("/api/v1/query", params={"query": expression})
            assert response.status_code == 200, f"{expression}\n{response.text}"
            found: list[Any] = response.json()["data"]["result"]
            return found

        async def scraped_failures() -> bool:
            # It needs two scrapes, between which everything grew.
            await use_all(user, scripted)
            with suppress(httpx.ConnectError):
                return bool(await query("rate(playground_lane_retries_total[1m]) > 0"))
            return False

        await until(scraped_failures)
        empty = [(title, expression) for title, expression in panel_queries() if not await query(expression)]
        # What is there only while something runs, or when it went wrong.
        assert {title for title, _ in empty} <= {"Running lanes"}
        for expression in annotation_queries():
            await query(expression)
