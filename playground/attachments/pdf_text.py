"""The text of PDFs, read by worker processes with limits of time and memory (`pdf_worker.py`)."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import msgspec
import structlog

from playground.kit.text import clean

_WORKER = Path(__file__).with_name("pdf_worker.py")
_ENVIRONMENT = {"SYSTEMROOT": r"C:\Windows"} if sys.platform == "win32" else {}
"""Of a worker: none of ours, which has secrets. Windows starts nothing without that one."""
_SECONDS = 20
_MEGABYTES = 1_024
"""Of address space, of which a Python process with pypdf takes a tenth before it reads anything."""
_MOST_PAGES = 1_000
_MOST_CHARACTERS = 1_000_000
_AT_ONCE = 2

log = structlog.get_logger(__name__)


class PdfText(msgspec.Struct, frozen=True):
    """What could be read."""

    pages: int | None = None
    """`None`: unknown."""
    text: str | None = None
    """`None`: there is none, or it could not be read."""
    note: str | None = None
    """Why the text is missing or incomplete: a sentence about the file."""


_TOO_MUCH = PdfText(note="It takes too much time or memory to read.")


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What one worker may use."""

    seconds: float = _SECONDS
    megabytes: int = _MEGABYTES


class PdfReader:
    """Starts a worker for each PDF, at most two at once."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        self._limits = limits or ReadingLimits()
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def read(self, content: bytes) -> PdfText:
        """Return the text of a PDF. A file that can't be read has none; nothing is raised."""
        return await anyio.to_thread.run_sync(self._read, content, limiter=self._limiter)

    def _read(self, content: bytes) -> PdfText:
        limits = self._limits
        numbers = (limits.megabytes, max(1, round(limits.seconds)), _MOST_PAGES, _MOST_CHARACTERS)
        # Isolated: neither variables nor the current folder say what it imports.
        command = [sys.executable, "-I", str(_WORKER), *map(str, numbers)]
        try:
            done = subprocess.run(  # noqa: S603 - our own program, with numbers
                command,
                input=content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds,
                check=True,
                env=_ENVIRONMENT,
            )
        except subprocess.SubprocessError as error:
            log.info("pdf_not_read", bytes=len(content), reason=type(error).__name__)
            return _TOO_MUCH
        found = msgspec.json.decode(done.stdout, type=PdfText)
        return PdfText(found.pages, clean(found.text) if found.text is not None else None, found.note)
