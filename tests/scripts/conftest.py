"""The scripts as commands, against a running service."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from anyio.from_thread import BlockingPortal
from anyio.to_thread import run_sync

from playground.files import CHECKOUT
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User
from ..support.forks import completed

Run = Callable[..., Awaitable["CompletedProcess[str]"]]


@pytest.fixture
def variables(user: User, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a script that asks as that user, with a data folder of its own."""
    account = {"XDG_DATA_HOME": str(tmp_path_factory.mktemp("home"))}
    account |= {"PLAYGROUND_EMAIL": user.account["email"], "PLAYGROUND_PASSWORD": PASSWORD}
    return {**os.environ, "PLAYGROUND_URL": str(user.http.base_url), **account}


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Run:
    """Run a script in an empty folder; nothing is checked."""

    async def run(script: str, *arguments: str, **more: str) -> "CompletedProcess[str]":
        environment = {**variables, **more}
        return await run_sync(lambda: completed(arguments, environment, tmp_path, script=CHECKOUT / "scripts" / script))

    return run


@pytest.fixture
def execute(variables: dict[str, str], tmp_path: Path) -> Run:
    """The same, started as somebody starts it, with stdout as it is given."""

    async def execute(script: str, *arguments: str, stdout: int = subprocess.PIPE, **more: str) -> "CompletedProcess[str]":
        command = [sys.executable, CHECKOUT / "scripts" / script, *arguments]
        environment = {**variables, **more}
        return await run_sync(
            lambda: subprocess.run(command, check=False, cwd=tmp_path, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment)
        )

    return execute


@pytest.fixture
def allow_streams(service: RunningService, portal: BlockingPortal, user: User) -> Callable[[str], None]:
    """Let that user start so many streams, as `3 per hour`, as an administrator would."""

    def allow_streams(rate: str) -> None:
        services, user_id = service, user.account["id"]
        sql = "UPDATE users SET limits = $2::jsonb WHERE id = $1"
        portal.call(services.database.run, lambda prisma: prisma.execute_raw(sql, user_id, json.dumps({"streams": rate})))
        portal.call(services.announcements.announce, "user", user_id)

    return allow_streams
