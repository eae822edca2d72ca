"""A streaming response whose generator is closed when the client disconnects."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Send


class ClosingStream(StreamingResponse):
    """Like `StreamingResponse`, which leaves the generator of an aborted response, with its resources, to the garbage collector."""

    def __init__(
        self,
        parts: AsyncIterator[str] | AsyncIterator[bytes],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        status_code: int = 200,
    ) -> None:
        super().__init__(parts, status_code, media_type=media_type, headers=headers)
        self._parts = parts

    async def stream_response(self, send: Send) -> None:
        """Send the parts."""
        try:
            await super().stream_response(send)
        finally:
            if isinstance(self._parts, AsyncGenerator):
                await self._parts.aclose()
