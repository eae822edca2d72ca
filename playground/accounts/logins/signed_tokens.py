"""Signed tokens: JWTs with HS256. Access and refresh tokens are here, stream tickets in `tickets.py`."""

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
"""Maximum length of a token in characters. This service's tokens are shorter than 400; longer ones are not decoded."""
# The content is parsed before the signature is checked, and may be nested too deeply for Python's parser.
_NO_TOKEN = (JWTError, RecursionError)

Use = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a login's token."""

    user_id: str
    login_id: str
    token_id: str
    expires_at: int
    """Seconds since 1970."""


class Tokens:
    """Issues and verifies tokens. The audience of a token is its use, so that a refresh token can't be used for anything else.

    The first secret signs. Tokens signed by the others are still valid, so that a secret can be changed without logging everyone out.
    """

    def __init__(self, secrets: Sequence[str], *, access_seconds: int, refresh_seconds: int) -> None:
        self._secrets = tuple(secrets)
        self._seconds: dict[Use, int] = {"access": access_seconds, "refresh": refresh_seconds}
        # Cached, because checking a signature takes a tenth of a request's time, and each request has an access token.
        self._read: LRUCache[str, Claims] = LRUCache(_READ_BEFORE)

    def lifetime(self, use: Use) -> int:
        """Return the lifetime of a token in seconds."""
        return self._seconds[use]

    def issue(self, user_id: str, login_id: str, use: Use, *, token_id: str | None = None, expires_at: datetime | None = None) -> str:
        """Return a token of that login. The same id and expiry give the same token."""
        claims, seconds = {"sub": user_id, "sid": login_id}, self._seconds[use]
        issued_at = None if expires_at is None else int(expires_at.timestamp()) - seconds
        return self.sign(use, claims, seconds=seconds, token_id=token_id or new_id(), issued_at=issued_at)

    def read(self, token: str, use: Use) -> Claims:
        """Return the claims of a token. Raises `NotAuthenticated` if it is not valid (forged, expired, or for another use)."""
        claims = self._read.get(token) if use == "access" else None
        if claims is None:
            said = self.verify(token, use)
            if not isinstance(said.get("sid"), str):
                raise unusable()
            claims = Claims(said["sub"], said["sid"], said["jti"], said["exp"])
            if use == "access":  # A refresh token is only used once.
                self._read[token] = claims
        if claims.expires_at <= time.time():
            raise unusable()
        return claims

    def sign(self, use: str, claims: Mapping[str, Any], *, seconds: int, token_id: str, issued_at: int | None = None) -> str:
        """Return a token with these claims, only for `use`, valid for `seconds` from `issued_at` (seconds since 1970) or now."""
        now = int(time.time()) if issued_at is None else issued_at
        issued = {"iss": _ISSUER, "aud": _audience(use), "iat": now, "exp": now + seconds, "jti": token_id}
        return jwt.encode({**claims, **issued}, self._secrets[0], algorithm=_ALGORITHM)

    def verify(self, token: str, use: str, *, expired_too: bool = False) -> dict[str, Any]:
        """Return the claims of a token that this service signed for `use`. Raises `NotAuthenticated`."""
        options = {f"require_{claim}": True for claim in ("sub", "iss", "aud", "iat", "jti")}
        # This library checks a claim whenever it is required.
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
    """Return whether the token is in its canonical form.

    Base64 decoders ignore characters outside the alphabet and the unused bits of the last character. So a valid token could be
    written in any number of ways, and each would be cached.
    """
    if len(token) > _LONGEST:
        return False
    try:
        parts = [(part, urlsafe_b64decode(f"{part}{'=' * (-len(part) % 4)}")) for part in token.split(".")]
    except ValueError:
        return False
    return all(urlsafe_b64encode(decoded).rstrip(b"=") == part.encode() for part, decoded in parts)


def claims_to_be_for(token: str, use: str) -> bool:
    """Return whether the token claims to be for `use`, without checking it."""
    if len(token) > _LONGEST:
        return False
    try:
        return jwt.get_unverified_claims(token).get("aud") == _audience(use)
    except _NO_TOKEN:
        return False


def unusable() -> NotAuthenticated:
    """Return the error for every invalid token, whatever is wrong with it."""
    return NotAuthenticated("The token is not valid: it has expired or was not issued by this service. Refresh it or log in again.")


def _audience(use: str) -> str:
    return f"{_ISSUER}:{use}"
