"""Traces and metrics for OpenTelemetry, as a collector receives them."""

import json
import socket
import sys
from collections.abc import AsyncIterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.operation.telemetry import open_telemetry
from playground.serving.server import running
from playground.settings import Settings

from ..support.client import Event, new_user
from ..support.folders import NewDataDir
from ..support.scripted import Exchange, ScriptedProvider
from .collector import Collector, attributes, collecting

PROMPT = "Which secret is in here?"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def answers(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("An ", "answer")
    await exchange.end(100, 2, prompt_tokens_details={"cached_tokens": 40})


async def refuses(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": f"Wrong key for: {PROMPT}"}})


async def compare(settings: Settings, scripted: ScriptedProvider, **changed: object) -> list[Event]:
    """A comparison by a service of its own; all that it sends has been sent at the end."""
    lanes = [
        {"model": scripted.model(answers), "temperature": 0.5, "maxTokens": 50, "stop": ["END"]},
        {"model": scripted.model(refuses)},
    ]
    async with running(settings.model_copy(update=changed)) as service, new_user(service.url) as user:
        user.http.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"
        async with user.stream(json={"prompt": PROMPT, "lanes": lanes}) as events:
            return [event async for event in events]


@pytest.fixture(scope="module")
def own_settings(settings: Settings, new_data_dir: NewDataDir) -> Settings:
    return settings.model_copy(update={"data_dir": new_data_dir()})


@pytest.fixture(scope="module")
async def collector(own_settings: Settings, scripted: ScriptedProvider, anyio_backend: str) -> AsyncIterator[Collector]:
    """What came of one comparison, with nothing set but the endpoint."""
    with collecting() as collector:
        await compare(own_settings, scripted, otel_exporter_otlp_endpoint=collector.url)
        yield collector


def test_each_lane_is_a_span_below_its_runs(collector: Collector) -> None:
    run, lanes = collector.run(), collector.lanes()
    assert len(lanes) == 2
    assert {lane.parent_span_id for lane in lanes} == {run.span_id}
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert run.parent_span_id.hex() == PARENT
    assert {lane.kind for lane in lanes} == {Span.SPAN_KIND_CLIENT}
    assert all(run.start_time_unix_nano <= lane.start_time_unix_nano < lane.end_time_unix_nano <= run.end_time_unix_nano for lane in lanes)
    assert len({attributes(span)["gen_ai.conversation.id"] for span in collector.spans}) == 1
    assert collector.services == {"playground"}


def test_a_lanes_span_has_the_attributes_of_the_conventions(collector: Collector, scripted: ScriptedProvider) -> None:
    lane = attributes(collector.lanes()[0])
    model = lane["gen_ai.request.model"]
    assert collector.lanes()[0].name == f"chat {model}"
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scripted",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "server.address": "127.0.0.1",
        "server.port": int(scripted.url.split(":")[2].partition("/")[0]),
        "playground.status": "completed",
        "playground.cost_usd": "0.000104",
        "playground.simulated": False,
    }
    assert {name: lane.get(name) for name in expected} == expected
    assert lane["gen_ai.response.time_to_first_chunk"] > 0


def test_a_failure_is_named_without_the_providers_words(collector: Collector) -> None:
    failed = collector.lanes()[1]
    assert (attributes(failed)["error.type"], failed.status.code) == ("wrong_key", Status.STATUS_CODE_ERROR)
    assert PROMPT not in str(collector.spans)
    assert "An answer" not in str(collector.spans)


async def test_content_headers_and_the_services_name_are_the_operators_choice(own_settings: Settings, scripted: ScriptedProvider) -> None:
    with collecting() as collector:
        await compare(
            own_settings,
            scripted,
            otel_exporter_otlp_endpoint=collector.url,
            otel_exporter_otlp_headers=SecretStr("authorization=Bearer%20s3cret,x-team=models"),
            otel_service_name="compare",
            otel_instrumentation_genai_capture_message_content=True,
        )
    lane = attributes(collector.lanes()[0])
    assert json.loads(lane["gen_ai.input.messages"]) == [{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}]
    answer = {"role": "assistant", "parts": [{"type": "text", "content": "An answer"}], "finish_reason": "stop"}
    assert json.loads(lane["gen_ai.output.messages"]) == [answer]
    assert collector.services == {"compare"}
    assert {(sent["authorization"], sent["x-team"]) for sent in collector.headers} == {("Bearer s3cret", "models")}


def test_the_metrics_of_the_conventions_are_sent(collector: Collector) -> None:
    assert {metric.unit for metric in collector.metrics.values()} == {"s", "{token}"}
    tokens = {
        attributes(point)["gen_ai.token.type"]: point.sum for point in collector.metrics["gen_ai.client.token.usage"].histogram.data_points
    }
    assert tokens == {"input": 100, "output": 2}
    durations = collector.metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert {attributes(point).get("error.type") for point in durations} == {None, "wrong_key"}
    (first,) = collector.metrics["gen_ai.client.operation.time_to_first_chunk"].histogram.data_points
    assert first.count == 1


async def test_a_collector_that_is_away_harms_no_run_and_no_end(own_settings: Settings, scripted: ScriptedProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    events = await compare(own_settings, scripted, otel_exporter_otlp_endpoint=nowhere)
    assert events[-1].data["type"] == "done"


async def test_without_the_packages_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318", _env_file=None)
    with pytest.raises(StartupError, match=r"playground-llm-compare\[otel\]"):
        async with open_telemetry(settings):
            pass


async def test_without_an_endpoint_nothing_is_observed() -> None:
    async with open_telemetry(Settings(_env_file=None)) as observers:
        assert observers == ()
