"""A word that the workers of one machine share: which users changed. One memory read a request, no message, no lock."""

import mmap
import os
from pathlib import Path
from time import time_ns
from zlib import crc32

from ..errors import StoreError

SLOTS = 1 << 16  # users that fall on one slot are only read again once too often


def allocate(path: Path, size: int) -> None:
    """Make the file, with room for that many bytes: a hole that cannot be filled later, when the disk is full, would
    kill who writes to it through memory."""
    try:
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
    except OSError as error:
        why = f"{path.parent} has no room for what workers share ({error.strerror})"
        raise StoreError(f"{why}. Free some, or name another folder: TMPDIR") from error


class UserMarks:
    """A user's mark changes when something about them was written; a copy that carries the old mark is stale."""

    def __init__(self, path: Path | None) -> None:
        """path: a file shared by all workers; None = this process is alone."""
        size = SLOTS * 8
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            allocate(path, size)
            with path.open("r+b") as file:
                self._map = mmap.mmap(file.fileno(), size)
        self._words = memoryview(self._map).cast("Q")

    def of(self, tenant: str, user: str) -> int:
        return self._words[crc32(f"{tenant}\0{user}".encode("utf-8", "replace")) % SLOTS]

    def touch(self, tenant: str, user: str) -> None:
        slot = crc32(f"{tenant}\0{user}".encode("utf-8", "replace")) % SLOTS
        self._words[slot] = time_ns()  # a number that was never there before, whoever writes at the same time
