"""What `playground` without a command prints and opens when the service is running."""

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
"""Timeout for detecting a running service; seconds."""

_WHAT_NEXT = """
Playground is running at {url}

  On the page   create the first account, which becomes the administrator's, or log in
  Models        simulated ones need no key; for real ones: playground provider add openai
  In scripts    the API is described at {url}/docs
  Your data     {data_dir}

Ctrl-C stops it.
"""


def page_address(url: str) -> str:
    """Return the address of a service at `url` for a browser on this machine: 0.0.0.0 is only an address to listen on."""
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
    """Open the page in the user's browser, if there is a graphical one. Returns immediately."""
    if _has_window():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def running_already(settings: Settings) -> str | None:
    """Return the address of a Playground that already uses this host and port; `None`: there is none."""
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
    # Without a display, Python would start a text browser in this terminal.
    return bool(os.environ.get("BROWSER")) or sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
