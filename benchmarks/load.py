"""The load client, a separate process: opens streams, reads them to the end, and reports its progress.

It reads its task as one line of JSON from standard input, and writes each stage (`opened`, `received`, `ended`) as a line to standard
output.
"""

import json
import sys

import anyio
import msgspec
from answers import Answer, connect

_OPENING_AT_ONCE = 16


class Load(msgspec.Struct):
    """`streams` equal requests to `port`, each answered with `tokens` tokens, all finished within `seconds`."""

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
