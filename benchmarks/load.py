"""The load client, a process of its own: opens streams, reads them to their end, and says how far it is.

Its task comes as one line of JSON on standard input; each stage (`opened`, `received`, `ended`) is a line on standard output.
"""

import json
import sys

import anyio
import msgspec
from answers import Answer, connect

_OPENING_AT_ONCE = 16


class Load(msgspec.Struct):
    """`streams` times the same request to `port`, each answered with `tokens` tokens, all over within `seconds`."""

    port: int
    request: str
    streams: int
    tokens: int
    seconds: float


async def read(load: Load) -> None:
    """Read all streams. Raises `BadAnswer` or `TimeoutError`."""
    answers: list[Answer] = []
    opening = anyio.Semaphore(_OPENING_AT_ONCE)

    async def open_one() -> None:
        async with opening:
            answer = await connect(load.port, load.request.encode(), load.tokens)
            answers.append(answer)
            answer.send()
            await answer.opened.wait()

    with anyio.fail_after(load.seconds):
        async with anyio.create_task_group() as streams:
            for _ in range(load.streams):
                streams.start_soon(open_one)
        _report("opened")
        for answer in answers:
            await answer.received.wait()
        _report("received", reads=sum(answer.reads for answer in answers), tokens=sum(answer.tokens for answer in answers))
        for answer in answers:
            await answer.ended.wait()
    for answer in answers:
        answer.check()
    _report("ended")


def _report(event: str, **fields: int) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


if __name__ == "__main__":
    anyio.run(read, msgspec.json.decode(sys.stdin.readline(), type=Load), backend_options={"use_uvloop": True})
