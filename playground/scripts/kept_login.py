"""The saved login of a script: eleven runs in a quarter of an hour must not log in eleven times (`LIMIT_AUTH`).

One private file per service and account, in the user's data folder (`XDG_DATA_HOME`). Concurrent scripts share it: the one that renews
the login holds a lock, and the others then use the new tokens instead of using a refresh token a second time.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import platformdirs


class Tokens(NamedTuple):
    """The tokens of a login."""

    access: str
    refresh: str | None


class KeptLogin:
    """The login of one account at one service. `notify` gets a sentence if it can't be saved; everything else still works."""

    def __init__(self, url: str, email: str, notify: Callable[[str], None]) -> None:
        place = httpx.URL(url).copy_with(userinfo=b"")
        name = hashlib.sha256(f"{str(place).rstrip('/')}\n{email.strip().casefold()}".encode()).hexdigest()[:32]
        self._folder = Path(platformdirs.user_data_dir("playground")) / "logins"
        self._file = self._folder / f"{name}.json"
        self._notify = notify
        self._notified = False

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Lock the login, so that no other script renews it in the block."""
        lock = await anyio.to_thread.run_sync(self._lock)
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def load(self) -> Tokens | None:
        """Return the saved login; `None`: there is none."""
        try:
            kept = json.loads(self._file.read_bytes())
            access, refresh = kept["accessToken"], kept["refreshToken"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Tokens(access, refresh) if isinstance(access, str) and isinstance(refresh, str | None) else None

    def save(self, tokens: Tokens) -> None:
        """Save `tokens` in place of the previous ones."""
        new = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - with a mode
                json.dump({"accessToken": tokens.access, "refreshToken": tokens.refresh}, file)
            new.replace(self._file)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            self._say_not_kept(error)

    def _lock(self) -> int | None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            self._say_not_kept(error)
            return None
        return lock

    def _say_not_kept(self, error: OSError) -> None:
        if not self._notified:
            self._notified = True
            self._notify(f"The login can't be saved in {self._folder}: {error.strerror}. The next run will log in again.")
