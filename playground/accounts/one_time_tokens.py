"""Tokens that are good for one use and sent to people: of resets and invitations."""

import hashlib
import secrets


def new_token() -> str:
    """A new token: 256 random bits, 43 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token: its SHA-256, which is enough for what is random."""
    return hashlib.sha256(token.encode()).hexdigest()
