"""Access and refresh tokens: JWTs signed with HS256."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cachetools import LRUCache
from jose import JWTError, jwt

from playground.errors import NotAuthenticated
from playground.ids import new_id

_ALGORITHM = "HS256"
_ISSUER = "playground"
_READ_BEFORE = 10_000

Use = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    user_id: str
    login_id: str
    token_id: str
    expires_at: int
    """In seconds since 1970."""


class Tokens:
    """Makes and reads tokens. The audience says what a token is for, so that a refresh token opens nothing else.

    The first secret signs; tokens that the others signed still hold, so that a secret can be changed without logging everybody out.
    """

    def __init__(self, secrets: Sequence[str], *, access_seconds: int, refresh_seconds: int) -> None:
        self._secrets = tuple(secrets)
        self._seconds: dict[Use, int] = {"access": access_seconds, "refresh": refresh_seconds}
        # Checking a signature takes a tenth of what a request may: an access token comes with each of them.
        self._read: LRUCache[tuple[str, Use], Claims] = LRUCache(_READ_BEFORE)

    def lifetime(self, use: Use) -> int:
        """How long a token holds, in seconds."""
        return self._seconds[use]

    def issue(self, user_id: str, login_id: str, use: Use, *, token_id: str | None = None) -> str:
        """A new token of that login."""
        now = int(time.time())
        claims = {
            "sub": user_id,
            "sid": login_id,
            "iss": _ISSUER,
            "aud": f"{_ISSUER}:{use}",
            "iat": now,
            "exp": now + self._seconds[use],
            "jti": token_id or new_id(),
        }
        return jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM)

    def read(self, token: str, use: Use) -> Claims:
        """What the token says. Raises `NotAuthenticated` when it does not hold (forged, expired, or for another use)."""
        claims = self._read.get((token, use))
        if claims is None:
            claims = self._check(token, use)
            self._read[token, use] = claims
        if claims.expires_at <= time.time():
            raise _unusable()
        return claims

    def _check(self, token: str, use: Use) -> Claims:
        required = {f"require_{claim}": True for claim in ("sub", "iss", "aud", "exp", "iat", "jti")}
        for secret in self._secrets:
            try:
                claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], audience=f"{_ISSUER}:{use}", issuer=_ISSUER, options=required)
            except JWTError:
                continue
            if isinstance(claims.get("sid"), str):
                return Claims(claims["sub"], claims["sid"], claims["jti"], claims["exp"])
        raise _unusable()


def _unusable() -> NotAuthenticated:
    return NotAuthenticated("The token does not hold: it is expired, or not one of this service. Log in again, or refresh it.")
