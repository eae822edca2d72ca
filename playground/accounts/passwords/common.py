"""The most common passwords, which attackers try first."""

import gzip
from functools import cache
from pathlib import Path

# `common-passwords.LICENSE.txt` names the source. Passwords that are too short to be chosen are left out.
_FILE = Path(__file__).with_name("common-passwords.txt.gz")


def is_common(password: str) -> bool:
    """Return whether the password is among the 20,000 most common of one list or the 30,000 of another, ignoring case."""
    return password.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(gzip.decompress(_FILE.read_bytes()).decode().split())
