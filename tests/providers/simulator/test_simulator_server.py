"""The server's life: beside others in one process, alone, and to its end."""

import os
import signal
import subprocess
import sys

import anyio
import httpx
import pytest
from simulator_client import BURST, answering, body, take_apart

from playground.kit.errors import StartupError
from playground.providers.simulator import SimulatorSettings, running_simulator

SLOW = SimulatorSettings(words_per_second=1, first_token_ms=0)


async def test_address_is_a_usable_base_url():
    async with running_simulator(BURST) as first, running_simulator(BURST) as second:
        assert first != second
        async with httpx.AsyncClient() as client:
            for url in (first, second):
                assert url.startswith("http://127.0.0.1:")
                assert (await client.get(f"{url}/models")).status_code == 200


async def test_taken_port_is_a_startup_error():
    async with running_simulator(BURST) as url:
        port = httpx.URL(url).port
        with pytest.raises(StartupError, match=str(port)):
            async with running_simulator(BURST, port=port):
                pytest.fail("it should not start")


async def test_port_is_free_again_after_the_end():
    async with running_simulator(BURST) as url:
        port = httpx.URL(url).port
    async with running_simulator(BURST, port=port) as again:
        assert again == url


async def test_signal_handlers_stay_as_they_were():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with running_simulator(BURST):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_shutdown_ends_open_streams_without_a_traceback(caplog, capfd):
    caplog.set_level("DEBUG")
    tasks = len(anyio.get_running_tasks())
    broken: list[str] = []
    requests = {
        "a stream": body("verbose", "Tell me about rivers", stream=True),
        "a body": body("verbose", "Tell me about rivers"),
        "a hanging stream": body("hangs", "Hi", stream=True),
        "a hanging body": body("hangs", "Hi"),
    }
    async with httpx.AsyncClient(timeout=60) as client:

        async def ask(url: str, name: str) -> None:
            try:
                await client.post(f"{url}/chat/completions", json=requests[name])
            except httpx.TransportError:
                broken.append(name)

        async with anyio.create_task_group() as group, running_simulator(SLOW) as url:
            for name in requests:
                group.start_soon(ask, url, name)
            with anyio.fail_after(30):
                while answering() < len(requests):
                    await anyio.lowlevel.checkpoint()
    assert sorted(broken) == sorted(requests)
    assert len(anyio.get_running_tasks()) == tasks
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL") and record.name != "asyncio"] == []
    assert capfd.readouterr().err == ""


async def test_cancelling_the_caller_ends_the_simulator(caplog):
    with anyio.CancelScope() as scope:
        async with (
            running_simulator(SLOW) as url,
            httpx.AsyncClient(base_url=url) as client,
            client.stream("POST", "/chat/completions", json=body("verbose", "Hi", stream=True)),
        ):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.get(f"{url}/models")
    assert [record for record in caplog.records if record.levelname == "ERROR" and record.name != "asyncio"] == []


async def test_client_that_disconnects_mid_answer_causes_no_traceback(caplog):
    async with running_simulator(SLOW) as url, httpx.AsyncClient(base_url=url) as client:
        async with client.stream("POST", "/chat/completions", json=body("verbose", "Hi", stream=True)) as response:
            await anext(response.aiter_raw())
        with anyio.fail_after(30):
            while answering():
                await anyio.lowlevel.checkpoint()
    assert [record for record in caplog.records if record.levelname == "ERROR" and record.name != "asyncio"] == []


async def test_client_that_disconnects_while_sending_causes_no_traceback(caplog):
    async with running_simulator(BURST) as url:
        async with await anyio.connect_tcp("127.0.0.1", httpx.URL(url).port) as connection:
            await connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
            with anyio.fail_after(30):
                while answering() == 0:
                    await anyio.lowlevel.checkpoint()
        with anyio.fail_after(30):
            while answering():
                await anyio.lowlevel.checkpoint()
    assert [record for record in caplog.records if record.levelname == "ERROR" and record.name != "asyncio"] == []


async def test_request_that_offers_another_protocol_keeps_its_body(client):
    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    response = await client.post("/chat/completions", json=body("quick", "Hi", max_tokens=1), headers=upgrade)
    assert response.status_code == 200, response.text


async def test_invalid_http_gets_an_error_in_the_usual_form(base_url):
    async with await anyio.connect_tcp("127.0.0.1", httpx.URL(base_url).port) as connection:
        await connection.send(b"no HTTP\r\n\r\n")
        answer = await connection.receive()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":{"message":"The data on this connection' in answer


async def test_sixteen_lanes_at_once_get_whole_answers(client):
    answers = {}

    async def ask(lane: int) -> None:
        response = await client.post("/chat/completions", json=body("verbose", "Tell me about rivers", stream=True, seed=lane % 2))
        answers[lane] = take_apart(response.content)

    async with anyio.create_task_group() as group:
        for lane in range(16):
            group.start_soon(ask, lane)
    assert all(answer.done for answer in answers.values())
    assert len({answer.text for answer in answers.values()}) == 2


ALONE = """
from playground.providers.simulator import SimulatorSettings, serve_forever
serve_forever(SimulatorSettings(), host="127.0.0.1", port=0, announce=lambda url: print(url, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_by_itself_it_serves_until_it_is_stopped(number):
    with subprocess.Popen([sys.executable, "-c", ALONE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with httpx.stream("POST", f"{url}/chat/completions", json=body("hangs", "Hi", stream=True)) as response:
            assert response.status_code == 200
            os.kill(process.pid, number)
            _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
