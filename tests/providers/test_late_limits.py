"""Limits that pass while the process stands still: what came by then is read first."""

import os
import signal
import socket
import time
from multiprocessing.connection import Connection

import pytest
import uvloop

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Delta
from playground.providers.errors.kinds import ProviderError
from playground.providers.records import Provider

from ..support.forks import telling
from .asking import call_to
from .upstream import DONE, event, finish_chunk, text_chunk

LIMIT = 0.3
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def ask_elsewhere(url: str, first_token: float, between_tokens: float, told: Connection) -> None:
    """In a process of its own, on the event loop that the service has: tells of each text, and in the end of the error or of `None`."""

    def take(deltas: list[Delta]) -> None:
        told.send("".join(delta.text for delta in deltas))

    async def ask() -> None:
        provider = Provider(id="lab", name="The lab", base_url=url)
        limits = {"first_token_timeout": first_token, "between_tokens_timeout": between_tokens}
        async with ProviderClient(connect_timeout=30, **limits) as client:
            told.send("ready")
            try:
                async with client.stream(call_to(provider)) as answer:
                    await answer.deliver(take)
            except ProviderError as error:
                told.send(str(error))
            else:
                told.send(None)

    uvloop.run(ask())


@pytest.mark.parametrize("limits", [(LIMIT, 30.0), (30.0, LIMIT)])
def test_an_answer_survives_pauses_of_the_process(limits: tuple[float, float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child, told = telling(ask_elsewhere, f"http://127.0.0.1:{listener.getsockname()[1]}/v1", *limits)
        assert child.pid is not None
        assert told.recv() == "ready"
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(HEAD)
            for text in ("one", "two", "three"):
                os.kill(child.pid, signal.SIGSTOP)
                connection.sendall(event(text_chunk(text)))
                time.sleep(LIMIT + 0.05)
                os.kill(child.pid, signal.SIGCONT)
                assert told.recv() == text
            connection.sendall(event(finish_chunk()) + DONE)
        assert told.recv() is None
        child.join()
