"""Secrets that the service generates and stores in the data folder."""

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from .errors import StartupError

SHORTEST_SECRET = 32
"""Minimum length of a key for HS256 in characters (RFC 7518, 3.2, requires 256 bits)."""
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
_WHAT_TO_DO = "Restore the file from a backup, or delete it: the next start then creates a new one (docs/deployment.md says what is lost)."


def load_or_create_secret(path: Path) -> str:
    """Return the secret in that file (mode 600), and create it if necessary. Concurrent processes get the same one.

    Raises `StartupError` if it can't be created or read, or is too short to be secure.
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
    # It gets its name when it is completely on the disk: a full disk leaves no empty secret, and no process reads a partial one.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}-", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:  # Another process was faster, and its secret is used.
            pass
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Without hard links, concurrent starts can't be supported.
            shutil.copyfile(file.name, path)
            path.chmod(0o600)
    with suppress(OSError):  # Not every file system supports this.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
