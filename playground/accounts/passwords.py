"""Password hashes: bcrypt over a digest, in a worker thread."""

import base64
import hashlib

import bcrypt
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

_COST = 12
"""Rounds as a power of two: about 0.2 s of one core."""


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at U+0000; the base64 of a SHA-256 has 44 characters and no zero.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


class PasswordHasher:
    """Hashes and checks passwords, at most two at a time, so that a burst of logins leaves threads for the rest."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(2)
        # Checked when there is no such account, so that the answer takes as long as for a wrong password.
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        hashed = await run_sync(lambda: bcrypt.hashpw(_digest(password), bcrypt.gensalt(_COST)), limiter=self._limiter)
        return hashed.decode("ascii")

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether `password` has this hash. `None`, for no account, takes as long and is never true."""
        if hashed is None:
            if self._nobody is None:
                self._nobody = await self.hash("")
            await self._check(password, self._nobody)
            return False
        return await self._check(password, hashed)

    async def _check(self, password: str, hashed: str) -> bool:
        return await run_sync(lambda: bcrypt.checkpw(_digest(password), hashed.encode("ascii")), limiter=self._limiter)
