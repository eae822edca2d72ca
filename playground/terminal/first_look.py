"""What `playground` without a command says and opens when the service listens."""

import json
import os
import sys
import threading
import urllib.request
import webbrowser
from ipaddress import ip_address

import typer

from playground.settings import Settings

_TIMEOUT = 2.0
"""For a service that may run already; seconds."""

_WHAT_NEXT = """
Playground is running at {url}

  On the page   create the first account, which becomes the administrator's, or log in
  Models        simulated ones need no key; for real ones set a key, such as OPENAI_API_KEY, in .env
  In scripts    the API is described at {url}/docs
  Your data     {data_dir}

Ctrl-C stops it.
"""


def page_address(url: str) -> str:
    """The address of a service that listens at `url`, for a browser on this machine: 0.0.0.0 is an address to listen on only."""
    host = url.removeprefix("http://").rpartition(":")[0].strip("[]")
    if not _is_unspecified(host):
        return url
    return url.replace("[::]", "[::1]").replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - compared, not listened on


def announce(url: str, settings: Settings, *, open_browser: bool) -> None:
    """Print the address and what to do next, and open the page."""
    address = page_address(url)
    typer.echo(_WHAT_NEXT.format(url=address, data_dir=settings.data_dir))
    if open_browser:
        show_page(address)


def show_page(address: str) -> None:
    """Open the page in the user's browser, if there is one with a window. Returns at once."""
    if _has_window():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def running_already(settings: Settings) -> str | None:
    """The address of a Playground that listens where this one would; `None`: there is none."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = page_address(f"http://{host}:{settings.port}")
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - an address that we would listen on
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 - as above
            found = json.load(response)
    except (OSError, ValueError):
        return None
    return address if isinstance(found, dict) and found.get("name") == "Playground" else None


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _has_window() -> bool:
    # Without a display Python would start a browser of text in this terminal.
    return bool(os.environ.get("BROWSER")) or sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
