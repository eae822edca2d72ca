"""Access and refresh tokens: JWTs signed with HS256."""

import time
from dataclasses import dataclass
from typing import Literal

from jose import JWTError, jwt

from playground.errors import NotAuthenticated
from playground.ids import new_id

_ALGORITHM = "HS256"
_ISSUER = "playground"

Use = Literal["access", "refresh"]
Role = Literal["user", "admin"]


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, as a token says it."""

    id: str
    role: Role


class Tokens:
    """Makes and reads tokens. The audience says what a token is for, so that a refresh token opens nothing else."""

    def __init__(self, secret: str, *, access_seconds: int, refresh_seconds: int) -> None:
        self._secret = secret
        self._seconds: dict[Use, int] = {"access": access_seconds, "refresh": refresh_seconds}

    def lifetime(self, use: Use) -> int:
        """How long a token holds, in seconds."""
        return self._seconds[use]

    def issue(self, user: User, use: Use) -> str:
        """A new token of that user."""
        now = int(time.time())
        claims = {
            "sub": user.id,
            "role": user.role,
            "iss": _ISSUER,
            "aud": f"{_ISSUER}:{use}",
            "iat": now,
            "exp": now + self._seconds[use],
            "jti": new_id(),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def read(self, token: str, use: Use) -> User:
        """Whose token it is. Raises `NotAuthenticated` when it does not hold (forged, expired, or for another use)."""
        required = {f"require_{claim}": True for claim in ("sub", "iss", "aud", "exp", "iat", "jti")}
        try:
            claims = jwt.decode(token, self._secret, algorithms=[_ALGORITHM], audience=f"{_ISSUER}:{use}", issuer=_ISSUER, options=required)
        except JWTError:
            raise NotAuthenticated(
                "The token does not hold: it is expired, or not one of this service. Log in again, or refresh it."
            ) from None
        return User(id=claims["sub"], role=claims["role"])
