"""Ids that the service generates."""

import secrets
import time

# Crockford's base32 in lower case, without i, l, o, u. It sorts like the numbers.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def _base32(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, index = divmod(number, 32)
        characters.append(_ALPHABET[index])
    return "".join(reversed(characters))


def new_id() -> str:
    """Return a new id of 26 characters, a lower-case ULID: 48 bits of time (ms) and 80 random bits. Ids sort by creation."""
    return _base32(time.time_ns() // 1_000_000, 10) + _base32(secrets.randbits(80), 16)


def new_run_id() -> str:
    """Return a new run id of 12 characters, 60 random bits: short, because every event contains it."""
    return _base32(secrets.randbits(60), 12)


def is_id(text: str) -> bool:
    """Return whether `text` has the form of an id from `new_id`."""
    return len(text) == 26 and all(character in _ALPHABET for character in text)
