"""The standard streams of a command, which may be closed, full, or in an encoding that lacks characters."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(FileIO):
    """Standard output, which stores why it failed."""

    failure: str | None = None

    def write(self, text: "ReadableBuffer", /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            if error.errno != errno.EPIPE:  # The reader has stopped reading, which needs no message.
                self.failure = error.strerror
                # Python would otherwise try to write the rest again on exit.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise


@contextmanager
def usable_streams() -> Iterator[None]:
    """Open all three streams for the block. stdout writes `?` for characters that its encoding lacks.

    If stdout can't be written, the block ends. That is reported instead of the block's exception, with exit code 1.
    """
    _open_closed()
    output = _Output(1, "w", closefd=False)
    before = sys.stdout
    sys.stdout = TextIOWrapper(BufferedWriter(output), before.encoding, "replace", line_buffering=before.isatty())
    try:
        yield
    except BaseException:
        if output.failure is None:
            raise
        sys.stderr.write(f"playground: Can't write to standard output: {output.failure}.\n")
        sys.exit(1)


def _open_closed() -> None:
    """Open closed streams. Otherwise a new file or socket would get the number of a stream, and its output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
