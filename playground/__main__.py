"""`python -m playground`, and the command `playground`."""

import signal
import sys

from playground.terminal.streams import usable_streams


def main() -> None:
    """Run the command. Ends with 130 after Ctrl-C, also while it is still importing, and with 1 where standard output can't be written."""
    with usable_streams():
        try:
            from .cli import app  # noqa: PLC0415 - most of a start

            app()
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            # Only Python's own end is left, which would tell where one more Ctrl-C found it.
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
