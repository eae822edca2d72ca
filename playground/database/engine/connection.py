"""The client's connection to the query engine's process."""

from io import BytesIO
from typing import Any

import aiohttp

from playground.database.generated.engine.errors import NotConnectedError
from playground.database.prisma_internals import ExternalEngine, Method


class EngineStuck(Exception):
    """The query engine didn't respond within the longest possible time."""


class EngineConnection(ExternalEngine):
    """The client's connection. It uses aiohttp instead of the client's httpx, which needs five times as much CPU time per query."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        super().__init__()
        self._http = http

    async def request(
        self,
        method: Method,
        path: str,
        *,
        content: str | None = None,
        headers: dict[str, str] | None = None,
        parse_response: bool = True,
    ) -> Any:  # noqa: ANN401  (as the class that is derived from)
        """Return the engine's response to one call. Raises `aiohttp.ClientError` or `EngineStuck` without one, else the client's errors."""
        if self._http.closed:
            raise NotConnectedError("This query engine has ended")
        # A file, because aiohttp writes long bytes in one piece.
        body = None if content is None else BytesIO(content.encode())
        try:
            async with self._http.request(method, path, data=body, headers=headers) as response:
                answer = await response.json() if parse_response else await response.text()
        except TimeoutError as error:
            raise EngineStuck from error
        return self.result_of(answer, response) if parse_response else answer

    async def run_script(self, script: str) -> str | None:
        """`Engine.run_script`."""
        async with self._http.post("/script", json={"script": script}, timeout=aiohttp.ClientTimeout(total=None)) as response:
            answer: dict[str, str] = await response.json()
        return answer.get("failure")
