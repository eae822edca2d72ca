"""Everything that is used of tiktoken beyond its documented names: to keep one copy of a vocabulary in memory instead of two.

Read in version 0.14.0 (`READ_IN`). `pyproject.toml` has the upper bound, and a test fails when the name is gone.

| name | used to | without it |
| --- | --- | --- |
| `Encoding._mergeable_ranks` | drop the ranks, 26 MB for o200k | they stay in memory |

tiktoken counts with its own copy, and keeps this one only for pickling.
"""

from tiktoken import Encoding

READ_IN = "0.14.0"
RANKS_NAME = "_mergeable_ranks"


def drop_ranks(encoding: Encoding) -> None:
    """Free the copy of the ranks that `encoding` was created from."""
    if hasattr(encoding, RANKS_NAME):
        setattr(encoding, RANKS_NAME, {})
