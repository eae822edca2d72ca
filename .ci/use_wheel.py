#!/usr/bin/env python3
"""Uses an installed Playground as its first user would: serve, register, compare, stop, serve again, back up, restore.

    use_wheel.py VENV

Its data goes to where the program puts it by itself, below HOME. Fails when anything in the virtual environment has changed afterwards.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODELS = ["sim/quick", "sim/careful"]


@contextmanager
def served(venv: Path, **variables: str) -> Iterator[str]:
    """The address of a service that runs for the block, and ends in order."""
    command = [venv / "bin" / "playground", "serve", "--port", "0"]
    service = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables})
    lines = []
    try:
        for line in service.stderr or ():
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found[0]
                break
        else:
            sys.exit(f"The service did not start:\n{''.join(lines)}")
    finally:
        service.terminate()
        service.communicate()
    if service.returncode != 0:
        sys.exit(f"The service ended with {service.returncode}")


def asked(url: str, body: object = None, token: str = "", accept: str = "*/*") -> str:
    """What the service answers, as text."""
    headers = {"Content-Type": "application/json", "Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers)  # noqa: S310 - 127.0.0.1
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        text: str = response.read().decode()
        return text


def check(holds: bool, what: str) -> None:
    """End with an error unless it holds that `what`."""
    if not holds:
        sys.exit(f"Not so: {what}")


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file below `folder`."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    """Use it."""
    venv = Path(sys.argv[1])
    before = state(venv)
    login = {"email": "first@example.org", "password": "a good password"}
    with served(venv) as url:
        token = json.loads(asked(f"{url}/auth/register", {**login, "name": "First"}))["accessToken"]
        stream = asked(f"{url}/playground/stream", {"prompt": "Explain recursion", "models": MODELS}, token)
        events = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]
        completed = [event["model"] for event in events if event["type"] == "status" and event["status"] == "completed"]
        check(sorted(completed) == sorted(MODELS), f"both models complete: {events}")
        check('<div id="page">' in asked(url, accept="text/html"), "the page is served")
        check("swagger" in asked(f"{url}/docs/swagger-ui.css"), "the API's documentation is served")
    with served(venv) as url:
        token = json.loads(asked(f"{url}/auth/login", login))["accessToken"]
        [session] = json.loads(asked(f"{url}/playground/sessions", token=token))["items"]
        subprocess.run([venv / "bin" / "playground", "backup", "backup.tar"], check=True)
    restored = {"PLAYGROUND_DATA_DIR": str(Path.cwd() / "restored")}
    subprocess.run([venv / "bin" / "playground", "restore", "backup.tar"], check=True, env={**os.environ, **restored})
    with served(venv, **restored) as url:
        check(json.loads(asked(f"{url}/playground/sessions", token=token))["items"] == [session], "a backup restores the session")
    changed = {path for path, value in state(venv).items() if before.get(path) != value}
    check(not changed, f"no file of the installation changes: {sorted(changed)[:10]}")


if __name__ == "__main__":
    main()
