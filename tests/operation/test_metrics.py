"""`/metrics`: what is counted, and when."""

import httpx
import pytest

from playground.operation.labels import OTHER, Labels
from playground.serving.server import RunningService

from ..support.client import User, next_event
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .exposition import OPENMETRICS, Scraper, read_samples


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("One ", "two ", "three")
    await exchange.end(100, 3, prompt_tokens_details={"cached_tokens": 40})


async def test_a_completed_lane_is_counted_with_its_tokens_money_and_times(
    user: User, scripted: ScriptedProvider, scraper: Scraper
) -> None:
    model = scripted.model(answers)
    await user.compare("Hi", [model])
    lane = {"provider": "scripted", "model": OTHER}
    assert await scraper.growth("playground_lanes_total", **lane, status="completed") == 1
    for kind, tokens in {"input": 100, "output": 3, "cached_input": 40}.items():
        assert await scraper.growth("playground_tokens_total", **lane, kind=kind, estimated="false") == tokens
    assert await scraper.growth("playground_cost_dollars_total", **lane, own_key="false") == pytest.approx(0.000106)
    for name in ("time_to_first_token_seconds", "response_seconds"):
        assert await scraper.growth(f"playground_{name}_count", provider="scripted") == 1
    assert await scraper.growth("playground_overhead_seconds_count") == 1
    assert 0 < await scraper.growth("playground_overhead_seconds_sum") < 60


async def test_a_run_is_counted_when_it_has_ended(user: User, scraper: Scraper) -> None:
    await user.compare("Hi", ["sim/quick", "sim/quick"], maxTokens=3)

    async def counted() -> bool:
        return await scraper.growth("playground_runs_total") == 1

    await until(counted)
    assert await scraper.growth("playground_run_duration_seconds_count") == 1
    assert await scraper.growth("playground_lanes_total", provider="sim", model="sim/quick", status="completed") == 2


async def test_failures_are_counted_by_their_code_and_retries_by_provider(user: User, scripted: ScriptedProvider, scraper: Scraper) -> None:
    async def refuses(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "Wrong key."}})

    async def is_busy(exchange: Exchange) -> None:
        await exchange.error(503, {"error": {"message": "Busy."}})

    await user.compare("Hi", [scripted.model(refuses), scripted.model(is_busy)])
    for code in ("wrong_key", "overloaded"):
        assert await scraper.growth("playground_lane_failures_total", provider="scripted", code=code) == 1
    assert await scraper.growth("playground_lanes_total", provider="scripted", model=OTHER, status="failed") == 2
    assert await scraper.growth("playground_lane_retries_total", provider="scripted") == 2


async def test_simulated_money_is_kept_apart_and_an_unknown_price_is_not_counted_as_nothing(
    user: User, scripted: ScriptedProvider, scraper: Scraper
) -> None:
    await user.compare("Hi", ["sim/careful", scripted.model(answers, priced=False)], maxTokens=3)
    assert await scraper.growth("playground_simulated_cost_dollars_total", model="sim/careful") > 0
    assert await scraper.growth("playground_unknown_costs_total", provider="scripted", model=OTHER) == 1
    costs = {labels for name, labels in await scraper.samples() if name == "playground_cost_dollars_total"}
    assert not any(("provider", "sim") in labels for labels in costs)


async def test_running_lanes_are_shown_by_provider_and_state(user: User, scripted: ScriptedProvider, scraper: Scraper) -> None:
    begin, finish = Gate(), Gate()

    async def waits(exchange: Exchange) -> None:
        await begin.wait()
        await exchange.begin()
        await exchange.write("Hi")
        await finish.wait()
        await exchange.end(3, 4)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        await next_event(events, "status", status="connecting")
        assert await scraper.value("playground_lanes_running", provider="scripted", state="waiting") == 1
        begin.open()
        await next_event(events, "chunk")
        assert await scraper.value("playground_lanes_running", provider="scripted", state="streaming") == 1
        assert await scraper.growth("playground_runs_open") == 1
        assert await scraper.growth("playground_stream_readers") == 1
        finish.open()
        await next_event(events, "done")
    assert await scraper.value("playground_lanes_running", provider="scripted", state="streaming") == 0


async def test_requests_are_counted_by_route_and_never_by_path(user: User, scraper: Scraper) -> None:
    for name in ("one", "two"):
        assert (await user.http.get(f"/playground/sessions/{name}")).status_code == 404
    await user.http.get("/nowhere/at/all")
    await user.http.head("/health")
    session = {"method": "GET", "route": "/playground/sessions/{session_id}"}
    assert await scraper.growth("playground_http_requests_total", **session, status="404") == 2
    assert await scraper.growth("playground_http_request_duration_seconds_count", **session) == 2
    assert await scraper.growth("playground_http_requests_total", method="GET", route=OTHER, status="404") == 1
    assert await scraper.growth("playground_http_requests_total", method="HEAD", route="/health", status="200") == 1
    assert "nowhere" not in str(await scraper.samples())


async def test_a_stream_is_counted_when_it_begins_and_is_no_duration(user: User, scripted: ScriptedProvider, scraper: Scraper) -> None:
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await gate.wait()
        await exchange.end(3, 4)

    stream = {"method": "POST", "route": "/playground/stream"}
    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        await next_event(events, "session")
        assert await scraper.growth("playground_http_requests_total", **stream, status="200") == 1
        gate.open()
        await next_event(events, "done")
    assert await scraper.growth("playground_http_request_duration_seconds_count", **stream) == 0


async def test_the_state_of_what_the_service_stands_on_is_shown(scraper: Scraper) -> None:
    assert await scraper.value("playground_ready") == await scraper.value("playground_database_up") == 1
    assert await scraper.value("playground_engine_up") == 1
    assert await scraper.value("playground_provider_list_state", provider="sim", state="ok") == 1
    assert await scraper.value("playground_provider_models", provider="sim") > 0
    names = {name for name, _ in await scraper.samples()}
    assert {"playground_engine_restarts_total", "playground_journal_waiting", "playground_event_loop_lag_seconds_count"} <= names
    assert "playground_redis_up" not in names
    assert {"process_resident_memory_bytes", "process_open_fds"} <= names


async def test_openmetrics_is_written_for_those_who_ask_for_it(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as http:
        plain, asked = await http.get("/metrics"), await http.get("/metrics", headers={"Accept": OPENMETRICS})
    assert plain.headers["content-type"].startswith("text/plain")
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    for response in (plain, asked):
        assert read_samples(response.text, response.headers["content-type"])[("playground_database_up", frozenset())] == 1


def test_values_of_a_label_above_the_limit_are_one_value() -> None:
    labels = Labels(2)
    assert [labels.of(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]
