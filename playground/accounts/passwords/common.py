"""The passwords that everybody tries first."""

import gzip
from functools import cache
from pathlib import Path

# Where they come from is in `common-passwords.LICENSE.txt`. Shorter ones than may be chosen are not in it.
_FILE = Path(__file__).with_name("common-passwords.txt.gz")


def is_common(password: str) -> bool:
    """Whether it is among the 20,000 most common passwords by one list or the 30,000 by another, whatever the case of its letters."""
    return password.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(gzip.decompress(_FILE.read_bytes()).decode().split())
