"""As whom the embedded PostgreSQL runs: as we do, unless we are root, as whom it refuses to run."""

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
"""The account that is made for PostgreSQL when the service runs as root, as it does in many containers."""

log = structlog.get_logger()


class Credentials(TypedDict, total=False):
    """What `subprocess.run` wants to know to start a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine. `gid` is `None` for our own."""

    uid: int
    gid: int | None = None

    def credentials(self) -> Credentials:
        """How a program is started as this account; nothing when it is ours."""
        if self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take_ownership(self, path: Path) -> None:
        """Makes `path` this account's."""
        if self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def postgres_account(folder: Path, programs: Path) -> Account:
    """The account that PostgreSQL runs as, able to reach `folder` and `programs`. Raises `StartupError` when none can be made."""
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
        # Its result says nothing: another service may be making the same account at this moment.
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
    """Lets every account pass through the folders above `path`, without letting it list them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.warning("let other accounts pass through a folder, for PostgreSQL, which can't run as root", folder=str(folder))
