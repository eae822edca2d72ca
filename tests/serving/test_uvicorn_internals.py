"""The undocumented names of uvicorn that are used exist, and requests are served without those that have a replacement."""

import inspect
import socket
from importlib import metadata

import pytest
from uvicorn import Config, Server
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playground.serving import uvicorn_internals
from playground.serving.uvicorn_internals import READ_IN, serve_without_signals


def test_the_names_were_read_in_this_version():
    assert metadata.version("uvicorn").split(".")[:2] == READ_IN.split(".")[:2]


@pytest.mark.parametrize("name", ["data_received", "on_headers_complete", "on_body", "_should_upgrade", "_start_asgi_task"])
def test_a_connection_calls_itself_by_the_name(name: str):
    assert callable(getattr(HttpToolsProtocol, name))
    assert name in inspect.getsource(httptools_impl)


@pytest.mark.parametrize(
    "name", ["parser", "url", "headers", "scope", "cycle", "pipeline", "server_state", "timeout_keep_alive_task", "transport"]
)
def test_a_connection_keeps_what_it_knows_under_the_name(name: str):
    assert f"self.{name} = " in inspect.getsource(HttpToolsProtocol) or f"self.{name}: " in inspect.getsource(HttpToolsProtocol)


def test_a_refusal_has_the_status_line_of_uvicorn():
    assert getattr(httptools_impl, uvicorn_internals.STATUS_LINE_NAME)[431] == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


@pytest.mark.parametrize("name", [uvicorn_internals.SERVE_NAME, "_gone"], ids=["there", "gone"])
async def test_a_server_serves_a_listener(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr(uvicorn_internals, "SERVE_NAME", name)
    server = Server(Config(lambda: None, lifespan="off", log_config=None))
    server.should_exit = True
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await serve_without_signals(server, listener)
    assert server.started


def test_the_documented_way_to_serve_has_the_name_of_the_other():
    assert "_serve" in inspect.getsource(Server.serve)


@pytest.mark.parametrize("name", [uvicorn_internals.STATUS_LINE_NAME, "_gone"], ids=["there", "gone"])
def test_what_is_not_http_is_refused(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr(uvicorn_internals, "STATUS_LINE_NAME", name)
    assert uvicorn_internals._status_line(431) == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
