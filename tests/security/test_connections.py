"""What comes on a connection is read as HTTP/1.1 has it, or refused."""

import json

import pytest

from ..support.client import User, parse_events
from ..support.connection import Connection, connection, head

UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
BODY = json.dumps({"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 3}).encode()
MOST_HEAD_BYTES = 65_536


def post(user: User, path: str, *headers: str, version: str = "1.1") -> bytes:
    own = (f"Authorization: Bearer {user.token}", "Content-Type: application/json", f"Content-Length: {len(BODY)}")
    return head("POST", path, *own, *headers, version=version)


async def assert_refused(client: Connection, status: int, code: str) -> None:
    answered, headers, problem = await client.answer()
    assert (answered, problem["status"], problem["type"]) == (status, status, f"urn:playground:problem:{code}")
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert await client.rest() == b""


@pytest.mark.parametrize("cut", [None, -30, 0], ids=["at once", "in the head", "before the body"])
async def test_a_request_that_offers_another_protocol_is_served_with_its_body(visitor: User, cut: int | None):
    start = post(visitor, "/playground/estimate", *UPGRADE)
    async with connection(visitor.http.base_url) as client:
        sent = start + BODY + head("GET", "/health", *UPGRADE) + head("GET", "/auth/profile")
        if cut is not None:
            place = len(start) + cut
            await client.send(sent[:place])
            # Answered after it, so the service has read that.
            await visitor.http.get("/health")
            sent = sent[place:]
        await client.send(sent)
        answers = [await client.answer() for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 401]
    assert [next(iter(body)) for _, _, body in answers] == ["lanes", "status", "type"]


async def test_a_body_is_never_taken_for_a_request(visitor: User):
    smuggled = head("GET", "/health")
    async with connection(visitor.http.base_url) as client:
        await client.send(head("POST", "/auth/login", "Connection: Upgrade", "Upgrade: any", f"Content-Length: {len(smuggled)}"))
        await visitor.http.get("/health")
        await client.send(smuggled, head("GET", "/nowhere"))
        assert [(await client.answer())[0] for _ in range(2)] == [422, 404]


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00", head("CONNECT", "service:80"), b"GET / HTTP/1.1\r\nno header\r\n\r\n"])
async def test_invalid_http_is_refused_like_other_errors(visitor: User, sent: bytes):
    async with connection(visitor.http.base_url) as client:
        await client.send(sent)
        await assert_refused(client, 400, "not_http")


async def test_during_a_stream_refusals_have_no_body(visitor: User):
    body = b'{"prompt": "Hi", "models": ["sim/hangs"], "onDisconnect": "stop"}'
    own = (f"Authorization: Bearer {visitor.token}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    async with connection(visitor.http.base_url) as client:
        await client.send(head("POST", "/playground/stream", *own), body)
        assert (await client.answer_head())[0] == 200
        await client.send(b"no HTTP\r\n\r\n")
        assert b"HTTP/1.1" not in await client.rest()


ENDLESS = {
    "address": head("GET", "/" + "x" * MOST_HEAD_BYTES),
    "headers": head("GET", "/health", *["X: y"] * (MOST_HEAD_BYTES // 6)),
    "unfinished": b"GET / HTTP/1.1\r\nX: ".ljust(MOST_HEAD_BYTES + 1, b"y"),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_headers_that_are_too_large_are_refused(visitor: User, name: str):
    async with connection(visitor.http.base_url) as client:
        await client.send(ENDLESS[name])
        await assert_refused(client, 431, "head_too_large")


async def test_trailers_that_are_too_large_are_refused(visitor: User):
    async with connection(visitor.http.base_url) as client:
        await client.send(head("POST", "/health", "Transfer-Encoding: chunked"))
        # Answered after it, so the service has read that.
        await visitor.http.get("/health")
        await client.send(b"0\r\nX: ".ljust(MOST_HEAD_BYTES + 1, b"y"))
        await assert_refused(client, 431, "head_too_large")


async def test_large_headers_are_accepted_repeatedly(visitor: User):
    large = head("GET", "/health", "X: ".ljust(MOST_HEAD_BYTES - 100, "y"))
    async with connection(visitor.http.base_url) as client:
        await client.send(large, large)
        assert [(await client.answer())[0] for _ in range(2)] == [200, 200]


async def test_trailers_are_not_headers(visitor: User):
    async with connection(visitor.http.base_url) as client:
        await client.send(head("GET", "/auth/profile", "Transfer-Encoding: chunked"))
        await client.send(f"0\r\nAuthorization: Bearer {visitor.token}\r\n\r\n".encode())
        assert (await client.answer())[0] == 401


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_stream_on_a_closing_connection_has_one_connection_close_header(visitor: User, version: str):
    async with connection(visitor.http.base_url) as client:
        await client.send(post(visitor, "/playground/stream", "Connection: close", version=version), BODY)
        status, headers = await client.answer_head()
        body = await client.rest()
    assert status == 200
    assert [value for name, value in headers if name == "connection"] == ["close"]
    # HTTP/1.0 knows no chunks.
    assert [value for name, value in headers if name == "transfer-encoding"] == ([] if version == "1.0" else ["chunked"])
    if version == "1.0":
        assert parse_events(body.decode())[-1].data["type"] == "done"


async def test_with_http_1_0_an_answer_that_has_a_length_keeps_it(visitor: User):
    async with connection(visitor.http.base_url) as client:
        await client.send(head("GET", "/health", version="1.0"))
        status, headers, health = await client.answer()
        assert (status, headers["connection"], health["status"]) == (200, "close", "ok")
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "path", ["/", "/health", "/models", "/playground/sessions", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/nowhere"]
)
async def test_head_is_answered_as_get_without_the_body(visitor: User, path: str):
    got, heads = await visitor.http.get(path), await visitor.http.head(path)
    assert (heads.status_code, heads.content) == (got.status_code, b"")
    varying = {"date", "ratelimit", "x-request-id"}
    assert [header for header in heads.headers.items() if header[0] not in varying] == [
        header for header in got.headers.items() if header[0] not in varying
    ]
