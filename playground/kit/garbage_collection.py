"""Disables the garbage collector while a command starts.

A start creates hundreds of thousands of objects, and nearly all stay. Scanning them repeatedly would make the start 0.5 s slower, and
would delay every stream by tens of milliseconds later.
"""

import gc


def disable() -> None:
    """Disable the collector until it is resumed."""
    gc.disable()


def enable() -> None:
    """Enable the collector for new objects. Existing objects are never scanned."""
    gc.freeze()
    gc.enable()
