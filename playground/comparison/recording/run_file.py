"""A run's journal file while the run is running: what it contains, and what has to be appended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .journal import STORED_LINE, Journal, RunJournal, answered_line, written_line
from .rows import TurnRow

if TYPE_CHECKING:
    from playground.comparison.running.run import Run


@dataclass(slots=True)
class Recording:
    """A run that is being recorded."""

    run: Run
    file: RunJournal | None
    """`None` while the disk accepts no file."""
    stored: bool = False
    """The opened turn is in the store."""
    fully_saved: bool = False
    """The last save wrote everything."""
    _saved: dict[int, int] = field(default_factory=dict)
    """The saved bytes of each head."""
    _answered: set[int] = field(default_factory=set)
    """The places of lanes in the run whose ends are in the file."""
    _stored_saved: bool = False

    def save(self, journal: Journal) -> None:
        """Append what is new to the file, creating it in `journal` if necessary. Runs in a thread, which is safe since a log only grows.

        Raises `OSError`, for example if the disk is full. What could not be written is retried the next time.
        """
        self.fully_saved = False
        if self.file is None:
            self.file = journal.begin(TurnRow.of(self.run.plan))
        # Looked for before their text is read, which is whole then.
        ended = {index: lane.record for index, lane in enumerate(self.run.lanes) if lane.record is not None and index not in self._answered}
        self._save_text(self.file)
        if ended:
            # Written separately, so that a result that doesn't fit can't prevent text from being saved.
            self.file.append(b"".join(map(answered_line, ended.values())))
            self._answered |= ended.keys()
        self.fully_saved = True

    def _save_text(self, file: RunJournal) -> None:
        lines: list[bytes] = []
        saved = dict(self._saved)
        for index, lane in enumerate(self.run.lanes):
            progress = lane.progress()
            for head, reasoning in ((lane.answer_head, False), (lane.reasoning_head, True)):
                raw_text = self.run.log.raw_text(head, saved.get(head, 0)) if head is not None else b""
                if head is not None and raw_text:
                    lines.append(written_line(index, reasoning=reasoning, raw_text=raw_text, progress=progress))
                    saved[head] = saved.get(head, 0) + len(raw_text)
        stored = self.stored
        if stored and not self._stored_saved:
            lines.append(STORED_LINE)
        if lines:
            file.append(b"".join(lines))
            self._saved, self._stored_saved = saved, stored
