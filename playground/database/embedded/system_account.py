"""The account that the embedded PostgreSQL runs as: ours, unless we are root, as which it refuses to run."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import structlog

from playground.kit.errors import StartupError

_NAME = "playground-postgres"
"""The account that is created for PostgreSQL if the service runs as root, such as in many containers."""

log = structlog.get_logger()


class Credentials(TypedDict, total=False):
    """The arguments of `subprocess.run` to start a program as another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine. `gid` is `None` for ours."""

    uid: int
    gid: int | None = None

    def credentials(self) -> Credentials:
        """Return the arguments to start a program as this account; empty if it is ours."""
        if self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take_ownership(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def postgres_account(folder: Path, programs: Path) -> Account:
    """Return the account for PostgreSQL, with access to `folder` and `programs`. Raises `StartupError` if none can be created."""
    if os.geteuid() != 0:
        return Account(os.geteuid())
    entry = _entry() or _made_entry()
    _let_pass(folder)
    _let_pass(programs / "postgres")
    return Account(entry.pw_uid, entry.pw_gid)


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        return None


def _made_entry() -> pwd.struct_passwd:
    useradd = shutil.which("useradd")
    if useradd is not None:
        # The result is ignored: another service may be creating the same account at this moment.
        command = [useradd, "--system", "--no-create-home", "--shell", "/bin/false", _NAME]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - every word is ours
    entry = _entry()
    if entry is None:
        raise StartupError(
            f"PostgreSQL refuses to run as root, and the account {_NAME} could not be created. "
            "Run the service as an ordinary user, make that account, or set DATABASE_URL."
        )
    return entry


def _let_pass(path: Path) -> None:
    """Let every account pass through the folders above `path` without listing them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.warning("let other accounts pass through a folder, for PostgreSQL, which can't run as root", folder=str(folder))
