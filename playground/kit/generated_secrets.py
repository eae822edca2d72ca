"""Secrets that the service makes for itself and keeps in the data folder."""

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from .errors import StartupError

SHORTEST_SECRET = 32
"""Of HS256's key, in characters (RFC 7518, 3.2, asks for 256 bits)."""
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
_WHAT_TO_DO = "Restore the file from a backup, or delete it: the next start then creates a new one (docs/deployment.md says what is lost)."


def kept_secret(path: Path) -> str:
    """The secret in that file (mode 600), which is made when it is not there: the same one for all processes that ask.

    Raises `StartupError` when it can't be made or read, or is too short to keep anything secret.
    """
    try:
        if not path.exists():
            _make(path)
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        instead = "You can set JWT_SECRET and ENCRYPTION_SECRET instead of using such files"
        raise StartupError(f"The secret in {path} can't be created or read: {error.strerror}. {instead}.") from None
    except UnicodeDecodeError:
        raise StartupError(f"The secret in {path} is not ASCII. {_WHAT_TO_DO}") from None
    if len(secret) < SHORTEST_SECRET:
        raise StartupError(f"The secret in {path} is shorter than {SHORTEST_SECRET} characters. {_WHAT_TO_DO}")
    return secret


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # It gets its name when all of it is on the disk: a full disk leaves no empty secret, and no other process reads half of one.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}-", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:  # Another process was faster, and its secret holds.
            pass
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Such a file system is no place for several processes that start at once.
            shutil.copyfile(file.name, path)
            path.chmod(0o600)
    with suppress(OSError):  # Not every file system can.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
