"""`playground compare`: a client of the public API, for a running service or one that it starts itself."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import httpx
from httpx_sse import aconnect_sse
from rich.console import Console
from rich.live import Live

from playground.kit import garbage_collection as garbage
from playground.kit import logs
from playground.kit.text import clean
from playground.settings import Settings

from .view import ComparisonView

_FRAMES_PER_SECOND = 15
_CONNECT_SECONDS = 10


class ComparisonFailed(Exception):
    """The comparison could not be made. The message is for the person at the terminal."""


class _Service(NamedTuple):
    url: str
    token: str
    is_local: bool = False
    """The service runs in this command, so no proxy must be used."""


async def compare(body: dict[str, Any], *, as_json: bool, url: str | None, token: str | None) -> bool:
    """Run a comparison and show it. Return whether every lane completed.

    `body` is the body of `POST /playground/stream`. Raises `ComparisonFailed`, `StartupError`, and `CancelledError` after Ctrl-C or
    SIGTERM.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - this code runs in a task
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            # Only once: a second signal would interrupt the shutdown that the first began.
            asyncio.get_running_loop().add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    try:
        async with _service(url, token) as service:
            garbage.enable()
            if as_json:
                return await _print_events(service, body)
            return await _show(service, body, Console())
    finally:
        # Both signals cancel this task. Code that closes connections may turn that into another error, or into a normal end.
        if task.cancelling():
            raise asyncio.CancelledError


@asynccontextmanager
async def _service(url: str | None, token: str | None) -> AsyncIterator[_Service]:
    if url is not None:
        if token is None:
            raise ComparisonFailed("--url needs an access token. Use --token, or set PLAYGROUND_TOKEN.")
        if not (token.isascii() and token.isprintable()):
            raise ComparisonFailed("The access token contains invalid characters. Check --token or PLAYGROUND_TOKEN.")
        yield _Service(url.rstrip("/"), token)
        return
    async with AsyncExitStack() as stack:
        # This takes seconds, and longer at the very first start. The message goes to stderr, not into the output.
        with Console(stderr=True).status("Starting the service for this comparison"):
            # Importing the service takes longer than a request to a running one.
            from playground.accounts.service import AccountService  # noqa: PLC0415
            from playground.serving.server import running  # noqa: PLC0415

            settings = Settings.load(host="127.0.0.1", port=0, log_level="error")
            logs.configure(settings)
            local = await stack.enter_async_context(running(settings))
        yield _Service(local.url, await local.services.get(AccountService).terminal_token(), is_local=True)


async def _print_events(service: _Service, body: dict[str, Any]) -> bool:
    complete = True
    async for event in _events(service, body):
        sys.stdout.buffer.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")  # JSON is UTF-8, whatever the terminal's encoding.
        sys.stdout.flush()
        complete = complete and event.get("status") not in ("failed", "stopped")
    return complete


async def _show(service: _Service, body: dict[str, Any], console: Console) -> bool:
    view = ComparisonView()
    try:
        if console.is_terminal:
            with Live(view, console=console, refresh_per_second=_FRAMES_PER_SECOND, transient=True):
                async for event in _events(service, body):
                    view.take(event)
        else:
            async for event in _events(service, body):
                view.take(event)
    finally:
        # Also show what was written before Ctrl-C or before the connection was lost.
        if view.begun:
            console.print(view.answers())
    console.print(view.metrics())
    return view.complete


async def _events(service: _Service, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    # Bytes of an argument that are not UTF-8 are lone surrogates here.
    content = clean(json.dumps(body, ensure_ascii=False))
    # A model may think for a long time, so only connecting has a limit.
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
    try:
        async with (
            httpx.AsyncClient(base_url=service.url, headers=headers, timeout=timeout, trust_env=not service.is_local) as client,
            aconnect_sse(client, "POST", "/playground/stream", content=content) as source,
        ):
            await _check(source.response)
            async for message in source.aiter_sse():
                yield json.loads(message.data)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        raise ComparisonFailed(f"--url should be an address such as http://127.0.0.1:4000, not {service.url}.") from None
    except httpx.ConnectError:
        raise ComparisonFailed(f"Can't connect to {service.url}. Is the service running?") from None
    except httpx.TransportError as error:
        raise ComparisonFailed(f"The connection to {service.url} was lost: {error or type(error).__name__}.") from None


async def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    await response.aread()
    try:
        problem = response.json()
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"The service responded with status {response.status_code}."
    raise ComparisonFailed(detail)
