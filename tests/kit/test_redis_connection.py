"""Addresses of a Redis that can't be used stop the start."""

import socket

import pytest

from playground.kit.errors import StartupError
from playground.kit.redis_connection import open_redis
from playground.settings import Settings


async def refused_start(redis_url: str) -> str:
    with pytest.raises(StartupError) as refused:
        async with open_redis(Settings(redis_url=redis_url, _env_file=None)):
            pass
    return str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://foo:bar/0",
        "redis://:s3/cret@127.0.0.1:6379/0",
        "redis://127.0.0.1:99999/0",
        "redis://127.0.0.1:6379/0?foo=bar",
        "redis://127.0.0.1:6379/0?socket_timeout=abc",
        "redis://127.0.0.1:6379/0?protocol=9",
        "redis://127.0.0.1:6379/0?retry=often",
        "rediss://127.0.0.1:6379/0?ssl_cert_reqs=maybe",
    ],
)
async def test_an_invalid_url_is_reported_by_its_variable_without_the_password(url: str) -> None:
    said = await refused_start(url)
    assert said.startswith("REDIS_URL is not valid")
    assert not any(piece in said for piece in ("s3", "cret"))


async def test_an_unreachable_redis_is_reported_in_whole_sentences() -> None:
    with socket.socket() as bound:  # Nobody listens there, and nobody else will meanwhile.
        bound.bind(("127.0.0.1", 0))
        said = await refused_start(f"redis://127.0.0.1:{bound.getsockname()[1]}/0")
    assert said.startswith("Redis doesn't respond: ")
    assert said.endswith(". Check REDIS_URL.")
    assert ".." not in said
