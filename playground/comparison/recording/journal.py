"""The journal on disk: the text of running turns, so that nothing is lost that is not in the database yet.

Each run has a file of JSON lines: the opened turn, then pieces of text, then the result of each lane. The file is
deleted when everything is in the database. Each process has its own folder and locks it while it runs. A folder that
can be locked belonged to a process that has ended, and its files are that process's unfinished work.
"""

import errno
import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
import structlog

from playground.comparison.plan import AnswerRecord
from playground.comparison.running.timeline import Point, Progress
from playground.kit.ids import is_id, new_id

from .rows import TurnRow

_logger = structlog.get_logger(__name__)


class _Opened(msgspec.Struct, tag="opened"):
    turn: TurnRow


class _Stored(msgspec.Struct, tag="stored"):
    """The opened turn was written to the database. If it isn't there, it was deleted since."""


class _Unsent(msgspec.Struct, tag="unsent"):
    """The run was withdrawn before anything was sent, and it is unknown whether its turn is in the database."""


class _Written(msgspec.Struct, tag="written"):
    lane: int
    """Its place among the lanes of the run, from 0."""
    reasoning: bool
    text: str
    progress: Progress | None = None
    """The lane's progress when this was written."""


class _Answered(msgspec.Struct, tag="answered"):
    answer: AnswerRecord
    """Without its text, which is in the lines before."""


_decoder = msgspec.json.Decoder(_Opened | _Stored | _Unsent | _Written | _Answered)


@dataclass(slots=True)
class JournalledRun:
    """The content of a file: the turn, the text of each lane as (answer, reasoning), and the answers of the lanes that ended."""

    turn: TurnRow
    texts: dict[int, tuple[str, str]]
    """By the lane's place in the run, as are progress and points."""
    answers: dict[str, AnswerRecord]
    """By answer id."""
    last_written_at: datetime
    stored: bool
    """The opened turn was written to the database. If it isn't there, it was deleted since."""
    unsent: bool
    """The run was withdrawn before anything was sent. If its turn is in the database, it has to be deleted."""
    progress: dict[int, Progress] = field(default_factory=dict)
    """As far as it is known."""
    points: dict[int, list[Point]] = field(default_factory=dict)
    """The timeline of each lane, with a point for each write to the file."""

    @property
    def may_be_refused(self) -> bool:
        """Return whether nothing is lost if the database refuses the turn: a turn with a key sends nothing before its row is stored."""
        return self.turn.idempotency_key is not None and not self.answers and not any(map(any, self.texts.values()))


@dataclass(slots=True)
class RunJournal:
    """The file of one run. Its methods block for a write to the page cache, and raise `OSError`, for example if the disk is full."""

    path: Path
    _descriptor: int = field(repr=False)
    _size: int = 0

    def append(self, lines: bytes) -> None:
        """Append lines from `written_line` and `answered_line`, `STORED_LINE` or `UNSENT_LINE`: either all or none."""
        written = os.write(self._descriptor, lines)
        if written < len(lines):
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, "only a part could be written", str(self.path))
        self._size += written

    def sync(self) -> None:
        """Write the file from the page cache to the disk, so that it survives a power failure. Takes some milliseconds."""
        os.fdatasync(self._descriptor)
        sync_folder(self.path.parent)

    def close(self) -> None:
        """Close the file. It stays until `remove`."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Delete the file, because everything is in the database."""
        self.path.unlink(missing_ok=True)


STORED_LINE = msgspec.json.encode(_Stored()) + b"\n"
"""The opened turn is in the database."""

UNSENT_LINE = msgspec.json.encode(_Unsent()) + b"\n"
"""The run was withdrawn before anything was sent."""


def written_line(lane: int, *, reasoning: bool, raw_text: bytes, progress: Progress | None = None) -> bytes:
    """Return the line for a piece of text; `raw_text` is the content of a JSON string."""
    parts = (lane, b"true" if reasoning else b"false", raw_text, msgspec.json.encode(progress))
    return b'{"type":"written","lane":%d,"reasoning":%b,"text":"%b","progress":%b}\n' % parts


def answered_line(answer: AnswerRecord) -> bytes:
    """Return the line for the result of a lane; its text is in the lines before."""
    return msgspec.json.encode(_Answered(replace(answer, text="", reasoning=""))) + b"\n"


class Journal:
    """This process's folder of run files, under `<data folder>/journal`."""

    def __init__(self, root: Path, folder: Path, lock: int) -> None:
        self._root = root
        self._folder = folder
        self._lock = lock

    @classmethod
    def open(cls, root: Path) -> Self:
        """Create this process's folder in `root` and lock it."""
        folder = root / new_id()
        # Hidden until it is locked, since other processes would think that its process has ended.
        hidden = root / f".{folder.name}"
        hidden.mkdir(parents=True, mode=0o700)
        lock = os.open(hidden / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(folder)
        sync_folder(root)
        return cls(root, folder, lock)

    def begin(self, turn: TurnRow) -> RunJournal:
        """Create the file of a run, with its first line. Raises `OSError`, and leaves no file then."""
        line = msgspec.json.encode(_Opened(turn)) + b"\n"
        path = self._folder / f"{turn.run_id}.jsonl"
        journal = RunJournal(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        try:
            journal.append(line)
        except OSError:
            journal.close()
            journal.remove()
            raise
        return journal

    def abandoned_files(self) -> Iterator[Path]:
        """Move the files of ended processes into this process's folder, and yield their paths."""
        for folder in sorted(self._root.iterdir()):
            # Skip folders with other names, such as the `lost+found` of a disk.
            if folder != self._folder and is_id(folder.name):
                try:
                    yield from self._adopt(folder)
                except OSError:
                    _logger.exception("journal_unreadable", folder=folder.name)

    def _adopt(self, folder: Path) -> Iterator[Path]:
        try:
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # Another process adopted it just now.
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for file in sorted(folder.glob("*.jsonl")):
                yield self._take(file)
            with suppress(OSError):  # Another process is adopting it too.
                (folder / "lock").unlink()
                folder.rmdir()
        except BlockingIOError:  # Its process is running.
            return
        finally:
            os.close(lock)

    def _take(self, file: Path) -> Path:
        return file.rename(self._folder / file.name)

    def close(self) -> None:
        """Unlock the folder, and remove it if it has no files; otherwise the next start finds it."""
        if not any(self._folder.glob("*.jsonl")):
            (self._folder / "lock").unlink(missing_ok=True)
            self._folder.rmdir()
        os.close(self._lock)


def sync_folder(folder: Path) -> None:
    """Write the names in `folder` to the disk. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mark_stored(path: Path) -> None:
    """Record in the file at `path`, which has no writer any more, that the opened turn is in the database."""
    written = path.stat()
    # A full disk must not prevent the turn from being closed.
    with suppress(OSError), path.open("ab") as file:
        # The process may have been killed while writing the last line.
        file.write(b"\n" + STORED_LINE)
    # Keep the time of the file, which is when its lanes last wrote text.
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))


def read_journal(path: Path) -> JournalledRun | None:
    """Return the content of the file at `path`, or `None` if its first line is incomplete, which means that nothing was sent."""
    turn: TurnRow | None = None
    written: list[_Written] = []
    answers: dict[str, AnswerRecord] = {}
    stored = unsent = False
    for line in path.read_bytes().split(b"\n"):
        try:
            match _decoder.decode(line):
                case _Opened(opened):
                    turn = opened
                case _Stored():
                    stored = True
                case _Unsent():
                    unsent = True
                case _Written() as piece:
                    written.append(piece)
                case _Answered(answer):
                    answers[answer.answer_id] = answer
        except msgspec.DecodeError:
            if line:  # The process was killed while writing this line, or the disk was full.
                _logger.warning("journal_line_cut", file=path.name, bytes=len(line))
    if turn is None:
        return None
    texts = {place: (_text(written, place, False), _text(written, place, True)) for place in range(len(turn.lanes))}
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    progress = {piece.lane: piece.progress for piece in written if piece.progress is not None}
    return JournalledRun(turn, texts, answers, written_at, stored, unsent, progress, _points(written))


def _text(written: list[_Written], lane: int, reasoning: bool) -> str:
    return "".join(piece.text for piece in written if piece.lane == lane and piece.reasoning == reasoning)


def _points(written: list[_Written]) -> dict[int, list[Point]]:
    points: dict[int, list[Point]] = {}
    characters: Counter[int] = Counter()
    for piece in written:
        characters[piece.lane] += len(piece.text)
        if piece.progress is not None:
            points.setdefault(piece.lane, []).append((round(piece.progress.last), characters[piece.lane]))
    return points
