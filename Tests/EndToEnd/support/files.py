"""Files of numbered lines: what was written is known, so the table can be compared with it."""

import os
from pathlib import Path

from .send import numbered_line, numbers
from .wait import wait_until_equal

# Every line has this length: a number tells where it stands.
LINE_BYTES = len(numbered_line("numbered", 0)) + 1


def lines(numbers_: range) -> bytes:
    return b"".join(numbered_line("numbered", number).encode() + b"\n" for number in numbers_)


class Logger:
    """A program that appends numbered lines to a file, and keeps it open as programs do."""

    def __init__(self, path: Path, first: int = 0) -> None:
        self.path = path
        self.next = first
        self._descriptor = self._open()

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, count: int = 1) -> None:
        os.write(self._descriptor, lines(range(self.next, self.next + count)))
        self.next += count

    def write_bytes(self, data: bytes) -> None:
        os.write(self._descriptor, data)

    def reopen(self) -> None:
        """As after a signal from logrotate."""
        os.close(self._descriptor)
        self._descriptor = self._open()

    def truncate(self, size: int = 0) -> None:
        os.ftruncate(self._descriptor, size)

    @property
    def inode(self) -> int:
        return os.fstat(self._descriptor).st_ino

    def close(self) -> None:
        os.close(self._descriptor)


def wait_until_all(database, count: int) -> None:
    """Waits until the numbers below `count` are in the table, each once."""
    wait_until_equal("all lines", lambda: numbers(database), list(range(count)))


def positions(database) -> list[int]:
    """How far each file is."""
    return [
        position
        for (position,) in database.rows(
            "SELECT position FROM sluice_progress WHERE source LIKE 'file:%' ORDER BY position"
        )
    ]
