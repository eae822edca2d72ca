"""A page in Chromium, spoken to over its DevTools protocol."""

import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

# The shell is Chromium without windows: half of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
_OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--remote-debugging-port=0"]
_LISTENING = b"DevTools listening on "


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    async def _event(self, name: str) -> None:
        while (await self._socket.receive_json()).get("method") != name:
            pass

    async def open(self, url: str) -> None:
        """Goes there, and waits until the page is loaded."""
        await self._call("Page.enable")
        await self._call("Page.navigate", url=url)
        await self._event("Page.loadEventFired")

    async def before_each_page(self, script: str) -> None:
        """Runs `script` in every page that is opened from now on, before the page's own."""
        await self._call("Page.enable")
        await self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def evaluate(self, expression: str) -> Any:
        """The value of `expression`, or of the promise that it is."""
        result = await self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def close_browser(self) -> None:
        await self._call("Browser.close")


@asynccontextmanager
async def chromium_page(profile: Path) -> AsyncIterator[Page]:
    assert CHROMIUM is not None
    async with await anyio.open_process([CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"], stdout=None) as browser:
        assert browser.stderr is not None
        said = BufferedByteReceiveStream(browser.stderr)
        await said.receive_until(_LISTENING, 100_000)
        address = (await said.receive_until(b"\n", 1_000)).decode().strip()
        port = address.split("/")[2]
        async with aiohttp.ClientSession() as http, anyio.create_task_group() as tasks:

            async def drain() -> None:
                async for _ in said:
                    pass

            tasks.start_soon(drain)
            async with http.get(f"http://{port}/json/list") as response:
                [target] = [each for each in await response.json() if each["type"] == "page"]
            async with http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                try:
                    yield page
                finally:
                    await page.close_browser()
        await browser.wait()
