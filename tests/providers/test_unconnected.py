"""Requests that got no answer in HTTP."""

import socket
from dataclasses import replace

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from playground.providers.errors.kinds import UnexpectedAnswer, Unreachable
from playground.providers.records import Quirks

from .asking import Asking
from .upstream import Answer


async def test_a_port_without_a_listener_is_unreachable(asking: Asking) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        asking.provider = replace(asking.provider, base_url=f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        error = (await asking(Answer())).error
    assert isinstance(error, Unreachable)
    assert error.retryable
    assert error.status is None
    assert "Is it running?" in str(error)


async def test_a_host_without_an_address_is_unreachable(asking: Asking) -> None:
    asking.provider = replace(asking.provider, base_url="http://nobody.invalid/v1")
    error = (await asking(Answer())).error
    assert isinstance(error, Unreachable)
    assert "host name" in str(error)


@pytest.mark.parametrize("url", ["http://a..b/v1", "http://exa\tmple/v1", "http://ü..b/v1", f"http://{'a' * 64}.example/v1"])
async def test_an_invalid_address_is_unreachable(asking: Asking, url: str) -> None:
    asking.provider = replace(asking.provider, base_url=url)
    error = (await asking(Answer())).error
    assert isinstance(error, Unreachable)
    assert "Check the base URL" in str(error)
    with pytest.raises(Unreachable, match="Check the base URL"):
        await asking.client.list_models(asking.provider)


async def test_a_header_that_cannot_be_sent_is_reported_with_its_provider(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(headers={"X-Team": "é"}))
    assert isinstance((await asking(Answer())).error, Unreachable)


async def test_a_connection_that_closes_without_an_answer_is_unreachable(asking: Asking) -> None:
    assert isinstance((await asking(Answer(raw=b""))).error, Unreachable)


async def test_a_server_without_tls_at_an_https_address_is_unreachable(asking: Asking) -> None:
    async def answer_in_plain(stream: SocketStream) -> None:
        async with stream:
            await stream.send(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, answer_in_plain)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - nothing of Django's
        asking.provider = replace(asking.provider, base_url=f"https://127.0.0.1:{port}/v1")
        error = (await asking(Answer())).error
        group.cancel_scope.cancel()
    assert isinstance(error, Unreachable)
    assert "secure" in str(error)


async def test_a_server_without_http_is_unexpected(asking: Asking) -> None:
    error = (await asking(Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n"))).error
    assert isinstance(error, UnexpectedAnswer)
    assert "HTTP" in str(error)
