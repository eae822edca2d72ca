"""A plugin of pytest: which of the processes that run tests runs which, and in which order.

What shares a service of its own goes to one of them: each would start one, and that takes seconds. xdist's own groups are not used, since
they are marks in the ids of tests, which pytest 9.2 no longer lets anybody change.
"""

from pathlib import PurePath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_LONGEST_FIRST = ("process", "limits", "page", "database", "administration", "keys", "accounts")
"""Folders that would keep one process busy when the others are done."""
_SHARING_IN_FOLDERS = {"administration", "keys", "limits", "models", "process", "security"}
_SHARING_IN_FILES = {"accounts", "database", "page"}


class _Scheduler(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = PurePath(path).parent
        return str(folder) if folder.name in _SHARING_IN_FOLDERS else path if folder.name in _SHARING_IN_FILES else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduler:
    """Called by the process that shares them out."""
    config.option.loadscopereorder = False  # In the order that they were collected in.
    return _Scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called in every process."""

    def place(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=place)
