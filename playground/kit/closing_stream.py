"""A streamed answer whose generator is closed when the client leaves."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Send


class ClosingStream(StreamingResponse):
    """As `StreamingResponse`, which leaves the generator of an answer that broke off to the garbage collector, with all that it uses."""

    def __init__(
        self, parts: AsyncIterator[str] | AsyncIterator[bytes], *, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(parts, media_type=media_type, headers=headers)
        self._parts = parts

    async def stream_response(self, send: Send) -> None:
        """Send the parts."""
        try:
            await super().stream_response(send)
        finally:
            if isinstance(self._parts, AsyncGenerator):
                await self._parts.aclose()
