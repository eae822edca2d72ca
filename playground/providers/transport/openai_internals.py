"""What is used of the OpenAI SDK beyond its documented names: the transport over aiohttp of its `DefaultAioHttpClient`.

Read in version 3.57.0 (`READ_IN`). `pyproject.toml` has the upper bound, and a test fails when a name is gone.

| name | used to | without it |
| --- | --- | --- |
| `openai._vendor.httpx_aiohttp.transport` | connect over aiohttp with our `Connector` | the service does not start |
| `AiohttpResponseStream._aiohttp_response` | read an answer from aiohttp itself | the answer is read through httpx2 |

There is no other way without the transport: only our own connections can check where a user's base URL leads.
"""

import aiohttp
from openai._vendor.httpx_aiohttp.transport import AiohttpResponseStream, AiohttpTransport, map_aiohttp_exceptions

__all__ = ["AiohttpResponseStream", "AiohttpTransport", "aiohttp_response", "map_aiohttp_exceptions"]

READ_IN = "3.57.0"
RESPONSE_NAME = "_aiohttp_response"


def aiohttp_response(stream: object) -> aiohttp.ClientResponse | None:
    """The response of aiohttp that `stream` reads, if it is the SDK's over aiohttp."""
    answer = getattr(stream, RESPONSE_NAME, None)
    return answer if isinstance(answer, aiohttp.ClientResponse) else None
