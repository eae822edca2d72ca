"""`python -m playground`, and the command `playground`."""

import signal
import sys

from playground.terminal.streams import usable_streams


def main() -> None:
    """Run the command. Exits with 130 after Ctrl-C, even during imports, and with 1 if standard output can't be written."""
    with usable_streams():
        try:
            from .cli import app  # noqa: PLC0415 - most of a start

            app()
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            # Only Python's shutdown is left, which would print a traceback on another Ctrl-C.
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
