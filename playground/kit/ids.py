"""Ids that the service makes."""

import secrets
import time

# Crockford's base32, lower case: no i, l, o, u. Sorts as the numbers do.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def _base32(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, index = divmod(number, 32)
        characters.append(_ALPHABET[index])
    return "".join(reversed(characters))


def new_id() -> str:
    """A new id of 26 characters: 48 bits of time (ms) and 80 random bits, so that ids sort by creation (a lower-case ULID)."""
    return _base32(time.time_ns() // 1_000_000, 10) + _base32(secrets.randbits(80), 16)


def new_run_id() -> str:
    """A new run id of 12 characters, 60 random bits: short, because every event carries it."""
    return _base32(secrets.randbits(60), 12)


def is_id(text: str) -> bool:
    """Whether `text` could be an id of `new_id`."""
    return len(text) == 26 and all(character in _ALPHABET for character in text)
