"""The client for times to first token, a separate process: requests arrive at a steady rate, alternating between the servers.

It reads its task as one line of JSON from standard input, and writes its results as one line of JSON to standard output.
"""

import random
import sys
import time

import anyio
import msgspec
from answers import connect

_CONNECTED_BEFORE = 0.02
"""How long before its request a connection is made, in seconds, because connecting is not measured."""


class Place(msgspec.Struct):
    """A server and the request to send; its answers have `tokens` tokens."""

    name: str
    port: int
    request: str
    tokens: int


class Arrivals(msgspec.Struct):
    """`per_second` requests to each place for `seconds`. Those of the first `warm_up` seconds are not counted."""

    places: list[Place]
    per_second: float
    warm_up: float
    seconds: float


async def measure(arrivals: Arrivals) -> dict[str, list[float]]:
    """Return by place the ms that each first token took beyond the provider's time. Raises `BadAnswer` or `TimeoutError`."""
    added: dict[str, list[float]] = {place.name: [] for place in arrivals.places}
    rng = random.Random(1)  # noqa: S311 - not for secrets
    interval = 1 / arrivals.per_second / len(arrivals.places)
    rounds = round((arrivals.warm_up + arrivals.seconds) * arrivals.per_second)
    start = time.monotonic() + 0.1

    async def ask(place: Place, at: float, counted: bool) -> None:
        await _until(at - _CONNECTED_BEFORE)
        answer = await connect(place.port, place.request.encode(), place.tokens)
        await _until(at)
        answer.send()
        await answer.ended.wait()
        answer.check()
        if counted and answer.added_ms is not None:
            added[place.name].append(answer.added_ms)

    with anyio.fail_after(arrivals.warm_up + arrivals.seconds + 60):
        async with anyio.create_task_group() as requests:
            for number in range(rounds * len(arrivals.places)):
                # Not in step with the tokens of the answers that are being streamed.
                at = start + (number + rng.random()) * interval
                await _until(at - 2 * _CONNECTED_BEFORE)
                place = arrivals.places[number % len(arrivals.places)]
                requests.start_soon(ask, place, at, at - start >= arrivals.warm_up)
    return added


async def _until(moment: float) -> None:
    await anyio.sleep(max(0.0, moment - time.monotonic()))


if __name__ == "__main__":
    task = msgspec.json.decode(sys.stdin.readline(), type=Arrivals)
    print(msgspec.json.encode(anyio.run(measure, task, backend_options={"use_uvloop": True})).decode(), flush=True)
