"""One-time tokens, which are sent to people for password resets and invitations."""

import hashlib
import secrets


def new_token() -> str:
    """Return a new token: 256 random bits, as 43 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return the hash to store: SHA-256, which is enough for random tokens."""
    return hashlib.sha256(token.encode()).hexdigest()
