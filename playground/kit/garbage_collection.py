"""When a command looks for garbage: not while it starts.

Nearly all that a start makes stays, hundreds of thousands of objects. To look through them again and again takes a start 0.5 s, and
would hold up every stream for tens of milliseconds later.
"""

import gc


def put_off() -> None:
    """Look for none until `look_from_now_on`."""
    gc.disable()


def look_from_now_on() -> None:
    """What there is now stays, and is never looked at; what comes is."""
    gc.freeze()
    gc.enable()
