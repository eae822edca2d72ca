"""`playground user`, as an operator types it, beside a service that runs on the same data folder."""

import os
import pty
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.serving.server import RunningService
from playground.settings import Settings

from ..support.client import PASSWORD
from ..support.folders import NewDataDir
from ..support.forks import completed
from ..support.process import PLAYGROUND, environment
from .conftest import Sql

Command = Callable[..., subprocess.CompletedProcess[str]]


def playground_user(data_dir: Path, *arguments: str, text: str = "", **variables: object) -> subprocess.CompletedProcess[str]:
    """What the command says, not at a terminal."""
    return completed(["user", *arguments], environment(data_dir, **variables), data_dir, text)


@pytest.fixture(autouse=True)
def _accounts_stay(accounts: dict[str, dict[str, Any]], service: RunningService, portal: BlockingPortal, sql: Sql) -> Iterator[None]:
    """Whatever a command did to them, other tests find the accounts as they were."""
    yield
    ids = [account["user"]["id"] for account in accounts.values()]
    sql("DELETE FROM users WHERE NOT id = ANY($1::text[])", ids)
    for role, account in accounts.items():
        sql('UPDATE users SET role = $1::"Role" WHERE id = $2', role, account["user"]["id"])
        portal.call(service.announcements.announce, "user", account["user"]["id"])


@pytest.fixture
def command(admin_settings: Settings, service: RunningService) -> Command:
    return lambda *arguments, **options: playground_user(admin_settings.data_dir, *arguments, **options)


def log_in(service: RunningService, email: str, password: str) -> dict[str, Any] | None:
    response = httpx.post(f"{service.url}/auth/login", json={"email": email, "password": password})
    assert response.status_code in (200, 401)
    return response.json() if response.status_code == 200 else None


def role_of(service: RunningService, pair: dict[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    return str(httpx.get(f"{service.url}/auth/profile", headers=headers).raise_for_status().json()["role"])


def shown_password(done: subprocess.CompletedProcess[str]) -> str:
    [password] = re.findall(r"^Password \(only shown once\): (\S{16,})$", done.stdout, re.MULTILINE)
    return str(password)


def test_an_account_is_created_promoted_given_another_password_and_listed(
    command: Command, service: RunningService, accounts: dict[str, dict[str, Any]]
) -> None:
    made = command("create", "Terminal@Example.org", "--name", "Ter Minal", "--role", "premium", "--generate")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("Created the account terminal@example.org with the role premium.\n")
    first = shown_password(made)
    pair = log_in(service, "terminal@example.org", first)
    assert pair is not None
    assert role_of(service, pair) == "premium"

    assert command("promote", "TERMINAL@example.org").stdout == (
        "terminal@example.org now has the role admin.\n"
        "A running service applies this within 60 seconds (immediately if REDIS_URL is set).\n"
    )
    pair = log_in(service, "terminal@example.org", first)
    assert pair is not None
    assert role_of(service, pair) == "admin"

    reset = command("reset-password", "terminal@example.org", text="another good password\n")
    assert (reset.returncode, reset.stderr) == (0, "")
    assert "another good password" not in reset.stdout
    assert log_in(service, "terminal@example.org", first) is None
    assert log_in(service, "terminal@example.org", "another good password") is not None
    assert httpx.post(f"{service.url}/auth/refresh", json={"refreshToken": pair["refreshToken"]}).status_code == 401

    listed = command("list", "ter min", "--role", "admin").stdout.splitlines()
    assert listed[0].split() == ["EMAIL", "USERNAME", "NAME", "ROLE", "STATE", "CREATED", "LAST", "LOGIN", "ID"]
    assert re.fullmatch(r"terminal@example\.org +- +Ter Minal +admin +active +\d{4}-\d\d-\d\d \d\d:\d\d .*", listed[1])
    assert len(listed) == 2

    headers = {"Authorization": f"Bearer {accounts['admin']['accessToken']}"}
    audit = httpx.get(f"{service.url}/admin/audit", params={"actor": "terminal", "limit": 4}, headers=headers)
    events = audit.json()["items"]
    assert [event["action"] for event in events[:3]] == ["user.password_changed", "user.role_changed", "user.created"]
    assert {(event["actorId"], event["actor"], event["address"], event["requestId"]) for event in events} == {
        (None, "terminal", None, None)
    }
    assert events[1]["changes"] == {"role": {"before": "premium", "after": "admin"}}
    assert events[2]["changes"]["email"] == {"before": None, "after": "terminal@example.org"}
    for secret in (first, "another good password", "$2b$"):
        assert secret not in audit.text


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["create", "nonsense", "--generate"], "", "email: "),
        (["create", "new@example.org"], "short\n", "password: should have 8 to 256 characters"),
        (["create", "user@example.org", "--generate"], "", "An account with the email address user@example.org already exists."),
        (["promote", "nobody@example.org"], "", "There is no account nobody@example.org"),
        (["promote", "admin@example.org", "--role", "user"], "", "admin@example.org is the only active administrator."),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_errors_are_reported_in_one_line(command: Command, arguments: list[str], text: str, said: str) -> None:
    done = command(*arguments, text=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("playground: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_accounts_the_list_is_empty_and_the_first_one_is_administrator(new_data_dir: NewDataDir) -> None:
    folder = new_data_dir()
    assert playground_user(folder, "list").stdout == "There are no accounts yet.\n"
    made = playground_user(folder, "create", "first@example.org", "--generate")
    assert made.stdout.startswith("Created the account first@example.org with the role admin.\n")


def test_in_a_terminal_the_password_is_requested_twice_and_not_shown(
    admin_settings: Settings, service: RunningService, command: Command
) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*PLAYGROUND, "user", "create", "typed@example.org"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(admin_settings.data_dir, TERM="xterm"),
        cwd=admin_settings.data_dir,
        start_new_session=True,
    )
    os.close(terminal)
    said = b""
    for prompt in (b"Password: ", b"confirmation: "):
        while not said.endswith(prompt):
            said += os.read(controller, 65_536)
        os.write(controller, PASSWORD.encode() + b"\n")
    with suppress(OSError):  # That is how a terminal tells that nobody will write any more.
        while data := os.read(controller, 65_536):
            said += data
    os.close(controller)
    assert process.wait() == 0
    assert PASSWORD not in said.decode()
    assert "Created the account typed@example.org with the role user." in said.decode()
    assert log_in(service, "typed@example.org", PASSWORD) is not None
