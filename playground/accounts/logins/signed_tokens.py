"""Tokens that the service signs: JWTs with HS256. Access and refresh tokens here, stream tickets in `tickets.py`."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cachetools import LRUCache
from jose import JWTError, jwt

from playground.kit.errors import NotAuthenticated
from playground.kit.ids import new_id

_ALGORITHM = "HS256"
_ISSUER = "playground"
_READ_BEFORE = 10_000
_LONGEST = 2_048
"""Characters of a token. This service's own have fewer than 400; longer ones are not decoded."""
# What stands in it is parsed before its signature is known to hold, and may be nested deeper than Python's parser goes.
_NO_TOKEN = (JWTError, RecursionError)

Use = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What the token of a login says."""

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
        self._read: LRUCache[str, Claims] = LRUCache(_READ_BEFORE)

    def lifetime(self, use: Use) -> int:
        """How long a token holds, in seconds."""
        return self._seconds[use]

    def issue(self, user_id: str, login_id: str, use: Use, *, token_id: str | None = None, expires_at: datetime | None = None) -> str:
        """A token of that login; the same one for the same id and end."""
        claims, seconds = {"sub": user_id, "sid": login_id}, self._seconds[use]
        issued_at = None if expires_at is None else int(expires_at.timestamp()) - seconds
        return self.sign(use, claims, seconds=seconds, token_id=token_id or new_id(), issued_at=issued_at)

    def read(self, token: str, use: Use) -> Claims:
        """What the token says. Raises `NotAuthenticated` when it does not hold (forged, expired, or for another use)."""
        claims = self._read.get(token) if use == "access" else None
        if claims is None:
            said = self.verify(token, use)
            if not isinstance(said.get("sid"), str):
                raise unusable()
            claims = Claims(said["sub"], said["sid"], said["jti"], said["exp"])
            if use == "access":  # A refresh token comes once.
                self._read[token] = claims
        if claims.expires_at <= time.time():
            raise unusable()
        return claims

    def sign(self, use: str, claims: Mapping[str, Any], *, seconds: int, token_id: str, issued_at: int | None = None) -> str:
        """A token with these claims that is good for `use` alone, and for `seconds` from `issued_at` (seconds since 1970) or now on."""
        now = int(time.time()) if issued_at is None else issued_at
        issued = {"iss": _ISSUER, "aud": _audience(use), "iat": now, "exp": now + seconds, "jti": token_id}
        return jwt.encode({**claims, **issued}, self._secrets[0], algorithm=_ALGORITHM)

    def verify(self, token: str, use: str, *, expired_too: bool = False) -> dict[str, Any]:
        """The claims of a token that this service signed for `use`. Raises `NotAuthenticated`."""
        options = {f"require_{claim}": True for claim in ("sub", "iss", "aud", "iat", "jti")}
        # To require it is to check it, for this library.
        options["verify_exp" if expired_too else "require_exp"] = not expired_too
        if not _is_canonical(token):
            raise unusable()
        for secret in self._secrets:
            try:
                claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], audience=_audience(use), issuer=_ISSUER, options=options)
            except _NO_TOKEN:
                continue
            if isinstance(claims.get("exp"), int):
                return claims
        raise unusable()


def _is_canonical(token: str) -> bool:
    """Whether there is no other way to write the same token.

    Decoders of base64 skip characters that are none of its alphabet, and the unused bits of the last one: so a valid token could be
    written in any number of ways, and each would be remembered.
    """
    if len(token) > _LONGEST:
        return False
    try:
        parts = [(part, urlsafe_b64decode(f"{part}{'=' * (-len(part) % 4)}")) for part in token.split(".")]
    except ValueError:
        return False
    return all(urlsafe_b64encode(decoded).rstrip(b"=") == part.encode() for part, decoded in parts)


def claims_to_be_for(token: str, use: str) -> bool:
    """Whether the token says that it is for `use`; nothing of it is checked."""
    if len(token) > _LONGEST:
        return False
    try:
        return jwt.get_unverified_claims(token).get("aud") == _audience(use)
    except _NO_TOKEN:
        return False


def unusable() -> NotAuthenticated:
    """What is said of every token that does not hold, whatever is wrong with it."""
    return NotAuthenticated("The token is not valid: it has expired or was not issued by this service. Refresh it or log in again.")


def _audience(use: str) -> str:
    return f"{_ISSUER}:{use}"
