"""Password hashes (bcrypt over a digest, in a worker thread), and passwords that are refused."""

import base64
import hashlib
from collections.abc import Callable
from typing import TypeVar

import bcrypt
from anyio import CapacityLimiter, move_on_after
from anyio.to_thread import run_sync
from pydantic import SecretStr

from playground.kit.errors import BadInput, Unavailable

COST = 12
"""bcrypt's cost, a power of two: about 0.2 s of one core."""
# The hash of an unknown password. It is checked if the account doesn't exist, so that the response takes as long as for a wrong
# password. A constant, because creating it would make the first such response slower.
_NOBODYS = "$2b$12$EpE2FS6RAJ9A07KfZZbSP.hTLqhyLrr6sRZwtr2O8ItkYLjVxJFDq"


LONGEST_QUEUE_SECONDS = 2.0
_RETRY_AFTER_SECONDS = 5

T = TypeVar("T")


class Busy(Unavailable):
    """Too many passwords are being checked."""

    code = "busy"
    title = "The service is busy"


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at U+0000; the base64 of a SHA-256 has 44 characters and no zero.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


class PasswordHasher:
    """Hashes and checks passwords, at most two at a time, so that a burst of logins leaves threads for other work.

    A request that would wait for more than two seconds is refused: a password takes 0.2 s of one core, so with an unlimited
    queue an attacker could keep everyone waiting who logs in.
    """

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(2)

    async def hash(self, password: str) -> str:
        """Return the hash to store. Raises `Busy`."""
        hashed = await self._run(lambda: bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)))
        return hashed.decode("ascii")

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Return whether `password` has this hash. `None` (no account) takes as long and never matches. Raises `Busy`."""
        checked = (hashed or _NOBODYS).encode("ascii")
        right = await self._run(lambda: bcrypt.checkpw(_digest(password), checked))
        return right and hashed is not None

    async def _run(self, work: Callable[[], T]) -> T:
        borrower = object()
        with move_on_after(LONGEST_QUEUE_SECONDS) as waiting:
            await self._limiter.acquire_on_behalf_of(borrower)
        if waiting.cancelled_caught:
            raise Busy("Too many logins at the moment. Try again in a few seconds.", retry_after=_RETRY_AFTER_SECONDS)
        try:
            return await run_sync(work)
        finally:
            self._limiter.release_on_behalf_of(borrower)


def refuse_likeness(password: SecretStr, *names: str | None, field: str) -> None:
    """Refuse a password that equals a name of the account. Raises `BadInput` for `field`."""
    if password.get_secret_value().casefold() in [name.casefold() for name in names if name is not None]:
        detail = "should be different from the email address and the username"
        raise BadInput.at(field, detail)
