"""What others wrote, on the operator's terminal."""

import io
import os
import pty
import subprocess
from contextlib import suppress

import pytest
from rich.console import Console

from playground.settings import Settings
from playground.terminal.plain import plain
from playground.terminal.view import ComparisonView

from ..support.process import PLAYGROUND, environment
from .conftest import Sql


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë\t😀\n", "Zoë\t😀\n"),
        ("line\r\nline", "line\nline"),
        ("\x1b[2J\x1b]52;c;QQ==\x07", "␛[2J␛]52;c;QQ==␇"),
        ("a \u202eb\u2066c \u200f\u05d0", "a \ufffdb\ufffdc \u200f\u05d0"),
        ("\x00\x08\x7f\x9b2J", "␀␈␡\ufffd2J"),
    ],
)
def test_terminal_control_characters_are_shown_as_symbols(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_name_cannot_control_the_operators_terminal(admin_settings: Settings, accounts: object, sql: Sql) -> None:
    name = "Eve \x1b]0;owned\x07\nroot"
    sql("INSERT INTO users (id, email, name, updated_at) VALUES ('eve', 'eve@example.org', $1, now())", name)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*PLAYGROUND, "user", "list", "eve@"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(admin_settings.data_dir, TERM="xterm"),
        cwd=admin_settings.data_dir,
    )
    os.close(terminal)
    said = b""
    with suppress(OSError):  # That is how a terminal tells that nobody will write any more.
        while data := os.read(controller, 65_536):
            said += data
    os.close(controller)
    sql("DELETE FROM users WHERE id = 'eve'")
    assert process.wait() == 0
    [_, line] = said.decode().splitlines()
    assert line.split()[2:5] == ["Eve", "␛]0;owned␇", "root"]


def test_an_answer_cannot_control_the_users_terminal() -> None:
    commands, view = "\x1b[2J\x1b]52;c;QQ==\x07", ComparisonView()
    view.take({"type": "session", "sessionId": "s", "lanes": [{"model": "m", "simulated": False}]})
    view.take({"type": "status", "lane": 0, "status": "streaming"})
    view.take({"type": "chunk", "lane": 0, "content": f"Look: {commands}"})
    view.take({"type": "error", "lane": 0, "message": f"broke {commands}", "retryable": False})
    terminal = Console(file=io.StringIO(), force_terminal=True, no_color=True, width=80)
    for part in (view, view.answers()):
        terminal.print(part)
    drawn = terminal.file.getvalue()  # type: ignore[attr-defined]
    assert drawn.count("␛[2J␛]52;c;QQ==␇") == 4
    assert "\x1b[2J" not in drawn
    assert "\x1b]" not in drawn


def test_a_password_that_cannot_be_typed_again_is_refused(admin_settings: Settings, accounts: object) -> None:
    done = subprocess.run(
        [*PLAYGROUND, "user", "create", "bytes@example.org"],
        input=b"\xff\xfe and more\n",
        env=environment(admin_settings.data_dir),
        cwd=admin_settings.data_dir,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"playground: The password on standard input is not UTF-8.\n")
