"""A plugin of pytest: no process looks for garbage before its first test, as none of our commands does while it starts."""

from playground.kit import garbage_collection as garbage

garbage.disable()


def pytest_collection_finish() -> None:
    garbage.enable()
