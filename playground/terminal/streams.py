"""The standard streams of a command, as whoever starts it left them: closed, of an encoding that lacks signs, or full."""

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
    """Standard output, which remembers why it took no more."""

    failure: str | None = None

    def write(self, text: "ReadableBuffer", /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            if error.errno != errno.EPIPE:  # Whoever read it had enough, and needs to be told nothing.
                self.failure = error.strerror
                # What is left, Python would try to write once more at its end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise


@contextmanager
def usable_streams() -> Iterator[None]:
    """Within the block, all three are open, and stdout has a `?` for each sign that it lacks.

    Where stdout can't be written, the block ends; that is told in place of what it raised, with exit code 1.
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
    """Whatever is opened takes the lowest number that is free. A socket with the number of a stream would get what is meant for that."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
