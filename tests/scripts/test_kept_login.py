"""Scripts keep the login they got, and say how to log in."""

import json
import stat
from pathlib import Path

import pytest

from playground.serving.server import RunningService

from ..support.client import User
from .conftest import Run

COSTS = ("cost_report.py", "--csv", "-")


def kept_files(variables: dict[str, str]) -> list[Path]:
    return sorted(Path(variables["XDG_DATA_HOME"], "playground", "logins").glob("*.json"))


async def logins(user: User) -> int:
    return len((await user.http.get("/users/me/logins")).json()["items"])


async def test_eleven_runs_are_one_login_in_a_private_file(run: Run, variables: dict[str, str], user: User) -> None:
    before = await logins(user)
    for _ in range(11):
        done = await run(*COSTS)
        assert done.returncode == 0, done.stderr
    assert await logins(user) == before + 1
    (file,) = kept_files(variables)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert user.account["email"] not in file.name


async def test_an_expired_access_token_is_renewed_and_stored(run: Run, variables: dict[str, str], user: User) -> None:
    assert (await run(*COSTS)).returncode == 0
    before = await logins(user)
    (file,) = kept_files(variables)
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"accessToken": "expired"}))
    assert (await run(*COSTS)).returncode == 0
    assert await logins(user) == before
    renewed = json.loads(file.read_text())
    assert renewed["accessToken"] != "expired"
    assert renewed["refreshToken"] != kept["refreshToken"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"accessToken": "a", "refreshToken": "b"}', '{"accessToken": 1, "refreshToken": 2}'])
async def test_a_stored_login_that_is_invalid_is_replaced(run: Run, variables: dict[str, str], content: str) -> None:
    assert (await run(*COSTS)).returncode == 0
    (file,) = kept_files(variables)
    file.write_text(content)
    done = await run(*COSTS)
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["accessToken"].count(".") == 2


async def test_each_account_has_its_own_login(run: Run, variables: dict[str, str], other_user: User) -> None:
    assert (await run(*COSTS)).returncode == 0
    assert (await run(*COSTS, PLAYGROUND_EMAIL=other_user.account["email"])).returncode == 0
    assert len(kept_files(variables)) == 2


async def test_a_read_only_folder_is_reported_and_has_no_other_effect(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = await run(*COSTS, XDG_DATA_HOME=str(tmp_path / "file"), COLUMNS="400")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The login can't be saved") == 1


@pytest.mark.parametrize("script", [("bench_stream.py", "prompts.txt", "-m", "sim/quick"), ("cost_report.py",)], ids=["bench", "costs"])
async def test_without_a_login_the_options_and_variables_are_named(
    run: Run, tmp_path: Path, service: RunningService, script: tuple[str, ...]
) -> None:
    (tmp_path / "prompts.txt").write_text("Hi\n")
    done = await run(*script, PLAYGROUND_EMAIL="", PLAYGROUND_PASSWORD="", PLAYGROUND_TOKEN="", COLUMNS="400")
    assert done.returncode == 2
    for name in ("--token", "PLAYGROUND_TOKEN", "--email", "--password", "PLAYGROUND_EMAIL", "PLAYGROUND_PASSWORD"):
        assert name in done.stderr


@pytest.mark.parametrize("variable", ["ALL_PROXY=socks://127.0.0.1:9/", "SSL_CERT_FILE=/nonexistent/cacert.pem", "NO_PROXY=[::1"])
async def test_values_that_no_http_client_accepts_are_named(run: Run, variable: str) -> None:
    name, _, value = variable.partition("=")
    done = await run(*COSTS, **{name: value}, COLUMNS="400")
    assert done.returncode == 1
    assert done.stderr.startswith(name)
    assert "Traceback" not in done.stderr
