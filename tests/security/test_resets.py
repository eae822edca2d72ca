"""Clients that reset their connections, and those that read nothing, are no errors of the service."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import structlog

from playground.serving.server import RunningService

from ..support.client import User

PATHS = ("/models", "/users/me/export", "/playground/sessions/export?format=json", "/openapi.json", "/playground/sessions", "/health")


@contextmanager
def reset(url: str) -> Iterator[socket.socket]:
    """A connection that is reset at the end of the block."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        yield client


async def test_resets_leave_no_error_in_the_log(guarded: RunningService, visitor: User, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    head = f"Host: x\r\nAuthorization: Bearer {visitor.token}\r\n"
    body = json.dumps({"prompt": "Hi", "models": ["sim/quick"]})
    with structlog.testing.capture_logs() as events:
        for answered in (False, True):
            for path in PATHS:
                with reset(guarded.url) as client:
                    client.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() * 5)
                    if answered:
                        client.recv(1)
            for length in (len(body), 1_000):
                with reset(guarded.url) as client:
                    request = (
                        f"POST /playground/stream HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
                    )
                    client.sendall(f"{request}{body}".encode())
                    if answered and length == len(body):
                        client.recv(1)
        # Handled after all of those that were reset before it.
        assert (await visitor.http.get("/health")).status_code == 200
    assert any(event["event"] == "request" for event in events)
    assert [event for event in events if event["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"], ids=["none", "two"])
def test_a_request_needs_exactly_one_host(guarded: RunningService, hosts: str):
    with reset(guarded.url) as client:
        client.sendall(f"GET /health HTTP/1.1\r\n{hosts}\r\n".encode())
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"exactly one Host header" in answer


@pytest.mark.parametrize("host", ["a/b", "user@a", "a, b", "a b", "a:b", "[::1"])
def test_an_invalid_host_is_refused(guarded: RunningService, host: str):
    with reset(guarded.url) as client:
        client.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", ["a", "a.example:8080", "127.0.0.1:4000", "[::1]:4000", "a_b.example", "xn--mnchen-3ya.example"])
def test_any_other_host_is_served(guarded: RunningService, host: str):
    with reset(guarded.url) as client:
        client.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/docs/", "/docs"),
        ("/health/", "/health"),
        ("/models/?limit=3", "/models?limit=3"),
        ("/playground/sessions/", "/playground/sessions"),
    ],
)
async def test_an_address_with_a_slash_at_its_end_leads_to_the_one_without_whatever_the_host(visitor: User, path: str, target: str):
    response = await visitor.http.get(path, headers={"Host": "elsewhere.example"})
    assert (response.status_code, response.headers["location"]) == (307, target)


@pytest.mark.parametrize("path", ["/nothing/", "//elsewhere.example/", "//docs/", "/s//", "/%5Celsewhere.example/"])
async def test_no_other_address_is_redirected(visitor: User, path: str):
    assert (await visitor.http.get(f"{visitor.http.base_url}{path}")).status_code == 404


async def test_a_request_with_a_body_is_redirected_with_its_method(visitor: User):
    response = await visitor.http.post("/auth/login/", json={"email": "a@example.org", "password": "x"})
    assert (response.status_code, response.headers["location"]) == (307, "/auth/login")
