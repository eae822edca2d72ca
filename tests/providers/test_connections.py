"""Connections: shared, without a limit, closed when an answer is left, and never handed on with half an answer in them."""

from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute, SocketStream

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Delta
from playground.providers.errors.kinds import UnexpectedAnswer
from playground.providers.records import Provider

from .asking import Asking, ask, call_to
from .upstream import DONE, Answer, Upstream, event, finish_chunk, text_chunk

WHOLE = Answer([event(text_chunk("whole")), event(finish_chunk()), DONE])


async def test_a_finished_answer_leaves_its_connection_to_the_next(asking: Asking) -> None:
    for _ in range(3):
        assert (await asking(WHOLE)).text == "whole"
    assert asking.upstream.connections == 1


async def test_an_answer_that_ends_after_done_leaves_its_connection_to_the_next(asking: Asking) -> None:
    late = anyio.Event()
    asking.upstream.will_answer(Answer([event(text_chunk("a")), DONE, late]), WHOLE)
    async with asking.client.stream(call_to(asking.provider)) as answer:
        await answer.deliver(lambda _: None)
        late.set()
    assert (await ask(asking.client, call_to(asking.provider))).text == "whole"
    assert asking.upstream.connections == 1


async def test_a_server_that_stays_silent_after_done_delays_no_one(asking: Asking) -> None:
    assert (await asking(Answer([event(text_chunk("a")), DONE, anyio.Event()]), WHOLE)).text == "a"
    await asking.upstream.requests[0].gone.wait()
    assert (await ask(asking.client, call_to(asking.provider))).text == "whole"


async def test_cancelling_a_waiting_reader_closes_the_connection(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([event(text_chunk("a")), anyio.Event()]), WHOLE)
    reading = anyio.Event()

    async def read() -> None:
        async with asking.client.stream(call_to(asking.provider)) as answer:
            await answer.deliver(lambda _: reading.set())

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await reading.wait()
        group.cancel_scope.cancel()
    await asking.upstream.requests[0].gone.wait()
    assert (await ask(asking.client, call_to(asking.provider))).text == "whole"
    assert [request.connection for request in asking.upstream.requests] == [1, 2]


async def test_cancelling_before_any_answer_closes_the_connection(asking: Asking) -> None:
    asking.upstream.will_answer(Answer(before=anyio.Event()))
    async with anyio.create_task_group() as group:
        group.start_soon(ask, asking.client, call_to(asking.provider))
        received = await asking.upstream.request()
        group.cancel_scope.cancel()
    await received.gone.wait()


async def test_leaving_mid_answer_closes_the_connection(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([event(text_chunk("a")), event(text_chunk("b")), anyio.Event()]), WHOLE)
    with anyio.CancelScope() as scope:
        async with asking.client.stream(call_to(asking.provider)) as answer:
            await answer.deliver(lambda _: scope.cancel())
    await asking.upstream.requests[0].gone.wait()
    assert (await ask(asking.client, call_to(asking.provider))).text == "whole"


async def test_leaving_with_an_error_closes_the_connection(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([event(text_chunk("a")), anyio.Event()]))

    async def break_off() -> None:
        def fail(_: list[Delta]) -> None:
            raise KeyError

        async with asking.client.stream(call_to(asking.provider)) as answer:
            await answer.deliver(fail)

    with pytest.raises(KeyError):
        await break_off()
    await asking.upstream.requests[0].gone.wait()


async def test_a_cookie_that_an_answer_sets_is_not_sent_again(asking: Asking) -> None:
    # Not for a bare address, for which no cookie is kept anyway.
    asking.provider = replace(asking.provider, base_url=asking.upstream.url.replace("127.0.0.1", "localhost"))
    cookie = replace(WHOLE, headers={"Set-Cookie": "session=of-the-first; Path=/"})
    await asking(cookie)
    await asking(cookie)
    assert ["cookie" in request.headers for request in asking.upstream.requests] == [False, False]


async def test_hundreds_of_answers_stream_at_the_same_time(client: ProviderClient, upstream: Upstream, provider: Provider) -> None:
    together, open_answers = anyio.Event(), 0
    upstream.will_answer(Answer([event(text_chunk("a")), together, event(finish_chunk()), DONE]))
    number = 300

    def count(_: list[Delta]) -> None:
        nonlocal open_answers
        open_answers += 1
        if open_answers == number:
            together.set()

    async def read() -> None:
        async with client.stream(call_to(provider)) as answer:
            await answer.deliver(count)

    async with anyio.create_task_group() as group:
        for _ in range(number):
            group.start_soon(read)
    assert upstream.connections == number


async def test_an_unrequested_answer_is_not_the_answer_to_the_next_request(client: ProviderClient) -> None:
    body = event(text_chunk("whole")) + event(finish_chunk()) + DONE
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    connections: list[SocketStream] = []

    async def serve(stream: SocketStream) -> None:
        connections.append(stream)
        async with stream:
            await stream.receive()
            await stream.send(answer)
            await anyio.sleep_forever()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - nothing of Django's
    provider = Provider(id="lab", name="The lab", base_url=f"http://127.0.0.1:{port}/v1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        assert (await ask(client, call_to(provider))).text == "whole"
        await connections[0].send(answer.replace(b"whole", b"wrong"))
        for _ in range(10):  # As many turns of the event loop as it takes to be read, and some more.
            await anyio.lowlevel.checkpoint()
        assert (await ask(client, call_to(provider))).text == "whole"
        assert len(connections) == 2
        group.cancel_scope.cancel()


@pytest.mark.parametrize(("count", "answered"), [(3, True), (100, False)])
async def test_interim_answers_are_ignored_unless_they_are_endless(asking: Asking, count: int, *, answered: bool) -> None:
    body = event(text_chunk("whole")) + event(finish_chunk()) + DONE
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    outcome = await asking(Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * count + head + body))
    if answered:
        assert outcome.text == "whole"
    else:
        assert isinstance(outcome.error, UnexpectedAnswer)
        assert "interim answers without end" in str(outcome.error)
