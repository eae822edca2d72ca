"""Passwords: hashes (bcrypt over a digest, in a worker thread), and what no password may be."""

import base64
import hashlib

import bcrypt
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import SecretStr

from playground.errors import BadInput, FieldError

COST = 12
"""Rounds as a power of two: about 0.2 s of one core."""
# Of no password that anybody knows. It is checked when there is no such account, so that the answer takes as long as for a wrong
# password: from the first time on, so it can't be made when it is needed.
_NOBODYS = "$2b$12$EpE2FS6RAJ9A07KfZZbSP.hTLqhyLrr6sRZwtr2O8ItkYLjVxJFDq"


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at U+0000; the base64 of a SHA-256 has 44 characters and no zero.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


class PasswordHasher:
    """Hashes and checks passwords, at most two at a time, so that a burst of logins leaves threads for the rest."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(2)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        hashed = await run_sync(lambda: bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)), limiter=self._limiter)
        return hashed.decode("ascii")

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether `password` has this hash. `None`, for no account, takes as long and is never true."""
        checked = (hashed or _NOBODYS).encode("ascii")
        right = await run_sync(lambda: bcrypt.checkpw(_digest(password), checked), limiter=self._limiter)
        return right and hashed is not None


def refuse_likeness(password: SecretStr, *names: str | None, field: str) -> None:
    """Refuse a password that is one of the account's own names. Raises `BadInput` that names `field`."""
    if password.get_secret_value().casefold() in [name.casefold() for name in names if name is not None]:
        detail = "should be neither the email address nor the username"
        raise BadInput(f"{field}: {detail}", errors=[FieldError(field, detail)])
