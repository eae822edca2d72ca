#!/usr/bin/env python3
"""Uses the image from inside, as its first user would: start, wait until it is healthy, register, compare, back up, start again, restore.

    use_image.py IMAGE

IMAGE is what `buildah inspect` prints of the image: entry point, environment, health check and stop signal are taken from it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from use_wheel import MODELS, asked, check

URL = "http://127.0.0.1:4000"
_PLAYGROUND = "/opt/playground/bin/playground"
_START_SECONDS = 120
_STOP_SECONDS = 30


@contextmanager
def running(config: dict[str, Any], environment: dict[str, str]) -> Iterator[None]:
    """What the image starts, from when its health check passes. It has to end by the image's signal, with 0."""
    service = subprocess.Popen([*config["Entrypoint"], *config["Cmd"]], env=environment)
    try:
        _until_healthy(config["Healthcheck"]["Test"], environment, service)
        yield
    finally:
        service.send_signal(getattr(signal, config["StopSignal"]))
        code = service.wait(_STOP_SECONDS)
    check(code == 0, f"it ends with 0 on {config['StopSignal']}: {code}")


def _until_healthy(test: list[str], environment: dict[str, str], service: subprocess.Popen[bytes]) -> None:
    kind, *command = test
    check(kind == "CMD", f"the health check is a command: {test}")
    give_up = time.monotonic() + _START_SECONDS
    while subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        check(service.poll() is None and time.monotonic() < give_up, "it becomes healthy")
        time.sleep(0.2)


def main() -> None:
    """Use it."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["Docker"]["config"]
    environment = dict(pair.split("=", 1) for pair in config["Env"])
    environment["TINI_SUBREAPER"] = ""  # Here this program is the first process, not what it starts.
    os.chdir(config["WorkingDir"])
    check(
        config["User"] == f"{os.getuid()}:{os.getgid()}" and os.getuid() != 0, f"it is run as its own user, not as root: {config['User']}"
    )
    for path in ("/opt/playground/new", "/usr/new", "/etc/new"):
        try:
            Path(path).touch()
        except OSError:
            continue
        sys.exit(f"{path} could be written")
    login = {"email": "first@example.org", "password": "a good password"}
    with running(config, environment):
        token = json.loads(asked(f"{URL}/auth/register", {**login, "name": "First"}))["accessToken"]
        stream = asked(f"{URL}/playground/stream", {"prompt": "Explain recursion", "models": MODELS}, token)
        completed = stream.count('"status":"completed"')
        check(completed == len(MODELS), f"{len(MODELS)} models complete: {completed}")
        check('<div id="page">' in asked(URL, accept="text/html"), "the page is served")
        check("playground_lanes_total" in asked(f"{URL}/metrics"), "metrics are served")
    with running(config, environment):
        token = json.loads(asked(f"{URL}/auth/login", login))["accessToken"]
        [session] = json.loads(asked(f"{URL}/playground/sessions", token=token))["items"]
        print("A comparison in the image survived its restart:", session["title"])
        subprocess.run([_PLAYGROUND, "backup", "/data/backup.tar"], env=environment, check=True)
    elsewhere = {**environment, "PLAYGROUND_DATA_DIR": "/data/restored"}
    subprocess.run([_PLAYGROUND, "restore", "/data/backup.tar"], env=elsewhere, check=True)
    with running(config, elsewhere):
        check(json.loads(asked(f"{URL}/playground/sessions", token=token))["items"] == [session], "a backup restores the session")


if __name__ == "__main__":
    main()
