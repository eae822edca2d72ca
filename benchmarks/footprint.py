"""Measures a server's memory per open stream, and per event beyond its text."""

import anyio
import msgspec
from chunks import mean_text_bytes
from load import Load
from processes import running_client
from provider import Script
from servers import ProviderControl, Target

_OPEN_BEFORE = 50
"""Streams that are opened before measuring, so that what a server loads with its first streams doesn't count."""
_BEFORE_TOKENS, _TOKENS = 100, 500
"""What a process takes when it begins to stream, whatever comes, is taken before the events are counted."""
_MOST_PER_SECOND = 8_000.0
"""Tokens of all streams together. In a burst the buffers of every connection would fill, which is memory of another kind."""
_SETTLE_SECONDS = 3.0
_STREAM_SECONDS = 600.0


class Footprint(msgspec.Struct):
    """Memory of one server. `bytes_per_stream` is measured when only the first token of each stream has arrived."""

    server: str
    streams: int
    bytes_per_stream: float
    bytes_per_event: float
    """Bytes beyond the text of the event."""


async def measure(provider: ProviderControl, target: Target, *, streams: int) -> Footprint:
    """The growth from the streams that were open before to `streams` more, and then with their text; on a server just started."""
    script = Script(tokens=_TOKENS, rate=_MOST_PER_SECOND / (streams + _OPEN_BEFORE), gated=True, pause=_BEFORE_TOKENS)

    def load(count: int) -> Load:
        return Load(target.server.port, target.request(script), count, script.tokens, _STREAM_SECONDS)

    async with running_client("load.py", load(_OPEN_BEFORE)) as first:
        await first.reaches("opened")
        before = await _settled(target)
        async with running_client("load.py", load(streams)) as second:
            await second.reaches("opened")
            opened = await _settled(target)
            sent = (await provider.counts()).tokens
            await provider.release()
            # What is waited for happens in another process.
            while (await provider.counts()).tokens - sent < (streams + _OPEN_BEFORE) * (_BEFORE_TOKENS - 1):  # noqa: ASYNC110
                await anyio.sleep(0.2)
            begun = await _settled(target)
            await provider.release()
            for client in (first, second):
                await client.reaches("received")
            received = await _settled(target)
            await provider.release()
            for client in (first, second):
                await client.reaches("ended")
    events = (streams + _OPEN_BEFORE) * (_TOKENS - _BEFORE_TOKENS)
    return Footprint(target.name, streams, (opened - before) / streams, (received - begun) / events - mean_text_bytes())


async def _settled(target: Target) -> int:
    await anyio.sleep(_SETTLE_SECONDS)
    return target.memory()
